// SPDX-License-Identifier: LGPL-2.1-or-later
#include "messages.h"

#include "buslimit.h"
#include "debug.h"
#include "protocol/types.h"

#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

// For messages whose number the server cannot increase.
void post(GstElement *element, GstStructure *structure) {
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

const char *connection_state_nick(ConnectionState state) {
  constexpr const char *nicks[] = {"connecting", "streaming", "reconnecting", "closed", "silent"};
  return nicks[static_cast<int>(state)];
}

// Returns the message name of an event about participants; null for other events.
const char *participant_message(Product product, int64_t type) {
  switch (static_cast<EventType>(type)) {
    case EventType::ActiveSpeakerChange:
      return "rtms-active-speaker";
    case EventType::ParticipantJoin:
      return "rtms-participant-joined";
    case EventType::ParticipantLeave:
      return "rtms-participant-left";
    case EventType::SharingStart:
      return "rtms-sharing-started";
    case EventType::SharingStop:
      return "rtms-sharing-stopped";
    default:
      break;
  }
  // Contact Center and Phone assign their own events to the numbers from 8 on.
  if (product == Product::ContactCenter || product == Product::Phone)
    return nullptr;
  if (type == static_cast<int64_t>(EventType::ParticipantVideoOn))
    return "rtms-video-on";
  if (type == static_cast<int64_t>(EventType::ParticipantVideoOff))
    return "rtms-video-off";
  return nullptr;
}

struct ErrorCode {
  GQuark domain;
  int code;
};

ErrorCode resource(GstResourceError code) {
  return {GST_RESOURCE_ERROR, code};
}

ErrorCode status_code(int64_t status) {
  switch (status) {
    case 2:
    case 40:
      return resource(GST_RESOURCE_ERROR_NOT_FOUND);
    case 3:
      return resource(GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    case 8:
    case 15:
    case 16:
    case 44:
      return resource(GST_RESOURCE_ERROR_BUSY);
    case 1:
    case 4:
    case 41:
    case 45:
      return resource(GST_RESOURCE_ERROR_FAILED);
    default:
      return resource(GST_RESOURCE_ERROR_SETTINGS);
  }
}

ErrorCode transport_code(const TransportClose &why) {
  using Kind = TransportClose::Kind;
  switch (why.kind) {
    case Kind::Resolve:
      return resource(GST_RESOURCE_ERROR_NOT_FOUND);
    case Kind::Http:
      if (why.code == 401 || why.code == 403)
        return resource(GST_RESOURCE_ERROR_NOT_AUTHORIZED);
      return resource(why.code == 404 ? GST_RESOURCE_ERROR_NOT_FOUND
                                      : GST_RESOURCE_ERROR_OPEN_READ);
    case Kind::Refused:
    case Kind::Tls:
    case Kind::Redirect:
      return resource(GST_RESOURCE_ERROR_OPEN_READ);
    case Kind::Closed:
    case Kind::TooLarge:
    case Kind::Protocol:
    case Kind::Io:
      break;
  }
  return resource(GST_RESOURCE_ERROR_READ);
}

ErrorCode error_code(const SessionError &error) {
  using Kind = SessionError::Kind;
  switch (error.kind) {
    case Kind::Busy:
      return resource(GST_RESOURCE_ERROR_BUSY);
    case Kind::Transport:
      return transport_code(error.transport);
    case Kind::Timeout:
      return resource(GST_RESOURCE_ERROR_OPEN_READ);
    case Kind::Interrupted:
      return resource(GST_RESOURCE_ERROR_READ);
    case Kind::Insecure:
    case Kind::Unsuitable:
      return resource(GST_RESOURCE_ERROR_SETTINGS);
    case Kind::Unanswered:
    case Kind::Forbidden:
      return resource(GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    case Kind::Status:
      return status_code(error.status);
    case Kind::NoMedia:
      return resource(GST_RESOURCE_ERROR_NOT_FOUND);
    case Kind::Ended:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED};
    case Kind::Protocol:
      break;
  }
  return resource(GST_RESOURCE_ERROR_FAILED);
}

void post_problem(GstElement *element, GstMessageType type, const SessionError &error) {
  const ErrorCode code = error_code(error);
  GstStructure *details = gst_structure_new_empty("details");
  if (error.kind == SessionError::Kind::Status)
    gst_structure_set(details, "status-code", G_TYPE_INT, static_cast<int>(error.status),
                      "status-name", G_TYPE_STRING, status_name(error.status), nullptr);
  if (error.kind == SessionError::Kind::Transport &&
      error.transport.kind == TransportClose::Kind::Http)
    gst_structure_set(details, "http-status-code", G_TYPE_UINT,
                      static_cast<guint>(error.transport.code), nullptr);
  gst_element_message_full_with_details(element, type, code.domain, code.code,
                                        g_strdup(error.text.c_str()), nullptr, __FILE__,
                                        GST_FUNCTION, __LINE__, details);
}

}  // namespace

// The messages on the bus (GST_MESSAGE_ELEMENT), documented for docs/reference.md: one block per
// message, with the fields of its structure.

/**
 * rtms-connection:
 * @state: (type gchararray): `connecting`, `streaming`, `reconnecting`, `closed` or `silent`
 * @media: (type gchararray): what the connection carries: `signaling`, or the kinds of media joined
 *   by `+`
 * @attempt: (type guint): with `reconnecting`, the number of the next attempt since the loss, from
 *   1; else 0
 *
 * The state of a connection to the service has changed. There is one connection for signaling and
 * one for each kind of media, or one for all media (#GstRtmsSrc:connection-mode=unified).
 *
 * - `connecting`: the element opens the connection for the first time.
 * - `streaming`: the handshake has succeeded.
 * - `reconnecting`: the connection is lost, and the element tries again within
 *   #GstRtmsSrc:signaling-reconnect-window or #GstRtmsSrc:media-reconnect-window. Where that fails,
 *   the element posts an error; while other kinds of media continue, it posts a warning and pushes
 *   EOS on the pads of the media that ended.
 * - `closed`: the connection has ended.
 * - `silent`: no media have arrived for 30 s since the element was ready to receive them. Either
 *   nobody speaks and no camera is on, or the stream has a fault.
 *
 * Since: 0.1
 */
void post_connection(GstElement *element, ConnectionState state, MediaMask media,
                     unsigned attempt) {
  const std::string carried = media ? media_names(media) : "signaling";
  post(element, gst_structure_new("rtms-connection", "state", G_TYPE_STRING,
                                  connection_state_nick(state), "media", G_TYPE_STRING,
                                  carried.c_str(), "attempt", G_TYPE_UINT, attempt, nullptr));
}

/**
 * rtms-new-stream:
 * @stream-id: (type gchararray): the id of the new stream
 *
 * The service has announced another stream of the same meeting. The element stays with its stream
 * until that ends. When the server of its stream is gone, the element connects to the new stream:
 * when an attempt after the loss has failed, or, where the stream went on for three minutes after
 * this message, when #GstRtmsSrc:signaling-reconnect-window has passed. Until then another element
 * can connect to the new stream.
 *
 * Since: 0.1
 */
void post_new_stream(GstElement *element, const std::string &stream_id) {
  post(element, gst_structure_new("rtms-new-stream", "stream-id", G_TYPE_STRING, stream_id.c_str(),
                                  nullptr));
}

/**
 * rtms-listening:
 * @url: (type gchararray): #GstRtmsSrc:webhook-listen, with the port that the system chose where
 *   the property has port 0
 *
 * The element accepts webhooks from now on. It posts the message during the state change to PAUSED,
 * with #GstRtmsSrc:webhook-listen only.
 *
 * Since: 0.1
 */
void post_listening(GstElement *element, const std::string &url) {
  post(element, gst_structure_new("rtms-listening", "url", G_TYPE_STRING, url.c_str(), nullptr));
}

/**
 * rtms-stream-state:
 * @state: (type gchararray): `inactive`, `active`, `interrupted`, `terminating`, `terminated`,
 *   `paused`, `resumed` or `unknown`
 * @state-code: (type gint64): the service's number of the state, 0 to 6
 * @reason: (type gchararray): the name of the reason, listed in
 *   troubleshooting.md#why-a-stream-stopped; the service's own text for a reason without a number;
 *   `none` without a reason
 * @reason-code: (type gint64): the service's number of the reason; 0 without a reason
 * @restartable: (type gboolean): whether the service's REST interface can start the stream again,
 *   which holds for the reasons 10 to 19 and 24
 * @timestamp: (type gint64): time of the change, in Unix ms; 0 if unknown
 *
 * The service has changed the state of the stream. After `terminated`, the element pushes EOS on
 * all pads.
 *
 * Since: 0.1
 */
void post_stream_state(GstElement *element, const StreamStateUpdate &update) {
  // The reason for the end of a stream must reach the application, however many events wait.
  constexpr unsigned kReserve = 100;
  post_within_limit(
      element,
      gst_structure_new("rtms-stream-state", "state", G_TYPE_STRING,
                        stream_state_nick(update.state), "state-code", G_TYPE_INT64, update.state,
                        "reason", G_TYPE_STRING, reason_nick(update.reason, update.reason_text),
                        "reason-code", G_TYPE_INT64, update.reason, "restartable", G_TYPE_BOOLEAN,
                        is_restartable(update.reason), "timestamp", G_TYPE_INT64, update.timestamp,
                        nullptr),
      update.state == static_cast<int64_t>(StreamState::Terminated) ? kReserve : 0);
}

/**
 * rtms-session-state:
 * @state: (type gchararray): `inactive`, `initialize`, `started`, `paused`, `resumed`, `stopped` or
 *   `unknown`
 * @state-code: (type gint64): the service's number of the state, 0 to 5
 * @reason: (type gchararray): the name of the reason, as in `rtms-stream-state`
 * @reason-code: (type gint64): the service's number of the reason; 0 without a reason
 * @session-id: (type gchararray): the id of the session
 * @timestamp: (type gint64): time of the change, in Unix ms; 0 if unknown
 *
 * The service has changed the state of one session of the stream. There is one session for each
 * user who has started the app. The stream goes on when one of its sessions has stopped.
 *
 * Since: 0.1
 */
void post_session_state(GstElement *element, const SessionStateUpdate &update) {
  post_within_limit(
      element, gst_structure_new(
                   "rtms-session-state", "state", G_TYPE_STRING, session_state_nick(update.state),
                   "state-code", G_TYPE_INT64, update.state, "reason", G_TYPE_STRING,
                   reason_nick(update.reason, update.reason_text), "reason-code", G_TYPE_INT64,
                   update.reason, "session-id", G_TYPE_STRING, update.session_id.c_str(),
                   "timestamp", G_TYPE_INT64, update.timestamp, nullptr));
}

/**
 * rtms-active-speaker:
 * @user-id: (type guint64): the id of the participant who speaks
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * The active speaker has changed. The camera on the pad `video`, and with it the title tag, follow
 * at a keyframe.
 *
 * Since: 0.1
 */
/**
 * rtms-participant-joined:
 * @user-id: (type guint64): the id of the participant
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * A participant has joined the meeting.
 *
 * Since: 0.1
 */
/**
 * rtms-participant-left:
 * @user-id: (type guint64): the id of the participant
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * A participant has left the meeting.
 *
 * Since: 0.1
 */
/**
 * rtms-sharing-started:
 * @user-id: (type guint64): the id of the participant who shares
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * A participant has started to share a screen. The pad `screen` exists before the share starts and
 * after it stops.
 *
 * Since: 0.1
 */
/**
 * rtms-sharing-stopped:
 * @user-id: (type guint64): the id of the participant who shared; 0 if unknown
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * A participant has stopped sharing a screen. The pad `screen` pushes GAP events or black frames
 * (#GstRtmsSrc:fill) until the next share.
 *
 * Since: 0.1
 */
/**
 * rtms-video-on:
 * @user-id: (type guint64): the id of the participant
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * A participant has turned the camera on. Not posted for Contact Center and Phone.
 *
 * Since: 0.1
 */
/**
 * rtms-video-off:
 * @user-id: (type guint64): the id of the participant
 * @user-name: (type gchararray): the name of the participant, from this event or an earlier one;
 *   empty if unknown
 * @timestamp: (type gint64): time of the event, in Unix ms; 0 if unknown
 *
 * A participant has turned the camera off. Not posted for Contact Center and Phone.
 *
 * Since: 0.1
 */
/**
 * rtms-event:
 * @type: (type gint64): the service's number of the event; its meaning depends on the product
 * @json: (type gchararray): the event as the service sent it, a JSON object
 *
 * Any event that has no message of its own: FIRST_PACKET_TIMESTAMP, events about chat groups, those
 * of Contact Center and Phone, event types that the element does not know, and events about
 * participants without one that it can read.
 *
 * Since: 0.1
 */
void post_event(GstElement *element, Product product, const EventUpdate &event) {
  const char *name = participant_message(product, event.type);
  std::vector<Participant> participants = event.participants;
  if (participants.empty() && event.type == static_cast<int64_t>(EventType::SharingStop))
    participants.emplace_back();  // the event may lack the participant
  if (!name || participants.empty()) {
    post_within_limit(element,
                      gst_structure_new("rtms-event", "type", G_TYPE_INT64, event.type, "json",
                                        G_TYPE_STRING, event.json.c_str(), nullptr));
    return;
  }
  for (const Participant &participant : participants)
    post_within_limit(
        element, gst_structure_new(name, "user-id", G_TYPE_UINT64, participant.user_id, "user-name",
                                   G_TYPE_STRING, participant.user_name.c_str(), "timestamp",
                                   G_TYPE_INT64, event.timestamp, nullptr));
}

void post_error(GstElement *element, const SessionError &error) {
  post_problem(element, GST_MESSAGE_ERROR, error);
}

void post_warning(GstElement *element, const SessionError &warning) {
  post_problem(element, GST_MESSAGE_WARNING, warning);
}

void post_rejoin_warning(GstElement *element, const std::string &why) {
  GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("Rejoining failed: %s", why.c_str()),
                      (nullptr));
}

}  // namespace rtms

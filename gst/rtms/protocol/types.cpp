// SPDX-License-Identifier: LGPL-2.1-or-later
#include "types.h"

#include <iterator>
#include <utility>

namespace rtms {
namespace {

template <std::size_t N>
const char *name_at(const char *const (&names)[N], int64_t index, const char *otherwise) {
  return index >= 0 && index < static_cast<int64_t>(N) ? names[index] : otherwise;
}

constexpr int kSampleRates[] = {8000, 16000, 32000, 48000};

constexpr const char *kStatusNames[] = {
    "OK",
    "INVALID_MESSAGE_TYPE",
    "INVALID_RTMS_STREAM_ID",
    "INVALID_SIGNATURE",
    "INVALID_PAYLOAD",
    "INVALID_EVENTS",
    "INVALID_EVENT_TYPE",
    "INVALID_MEDIA_TYPE",
    "DUPLICATE_SIGNAL_REQUEST",
    "MEDIA_TYPE_AUDIO_NOT_SUPPORT",
    "MEDIA_TYPE_VIDEO_NOT_SUPPORT",
    "MEDIA_TYPE_DESKSHARE_NOT_SUPPORT",
    "MEDIA_TYPE_TRANSCRIPT_NOT_SUPPORT",
    "MEDIA_TYPE_CHAT_NOT_SUPPORT",
    "MEDIA_TYPE_INVALID_VALUE",
    "MEDIA_DATA_ALL_CONNECTION_EXIST",
    "DUPLICATE_MEDIA_DATA_CONNECTION",
    "INVALID_MEDIA_PARAMS",
    "INVALID_MEDIA_AUDIO_PARAMS",
    "INVALID_MEDIA_AUDIO_CONTENT_TYPE",
    "INVALID_MEDIA_AUDIO_SAMPLE_RATE",
    "INVALID_MEDIA_AUDIO_CHANNEL",
    "INVALID_MEDIA_AUDIO_CODEC",
    "INVALID_MEDIA_AUDIO_DATA_OPT",
    "INVALID_MEDIA_AUDIO_SEND_RATE",
    "INVALID_MEDIA_VIDEO_PARAMS",
    "INVALID_MEDIA_VIDEO_CONTENT_TYPE",
    "INVALID_MEDIA_VIDEO_CODEC",
    "INVALID_MEDIA_VIDEO_RESOLUTION",
    "INVALID_MEDIA_VIDEO_DATA_OPT",
    "INVALID_MEDIA_VIDEO_FPS",
    "INVALID_MEDIA_DESKSHARE_PARAMS",
    "INVALID_MEDIA_DESKSHARE_CONTENT_TYPE",
    "INVALID_MEDIA_DESKSHARE_CODEC",
    "INVALID_MEDIA_DESKSHARE_RESOLUTION",
    "INVALID_MEDIA_DESKSHARE_FPS",
    "INVALID_MEDIA_TRANSCRIPT_PARAMS",
    "INVALID_MEDIA_TRANSCRIPT_CONTENT_TYPE",
    "INVALID_MEDIA_CHAT_PARAMS",
    "INVALID_MEDIA_CHAT_CONTENT_TYPE",
    "INVALID_RTMS_SESSION_ID",
    "INVALID_CLIENT_READY_ACK",
    "INVALID_EVENT_SUBSCRIBE",
    "INVALID_MEDIA_TRANSCRIPT_SOURCE_LANGUAGE",
    "DUPLICATE_VIDEO_SUBSCRIPTION",
    "INTERNAL_EXCEPTION",
    "INVALID_MEDIA_TRANSCRIPT_TARGET_LANGUAGE",
    "CHAT_SESSION_KEY_NOT_AVAILABLE",
};

constexpr const char *kStreamStates[] = {"inactive",   "active", "interrupted", "terminating",
                                         "terminated", "paused", "resumed"};
constexpr const char *kSessionStates[] = {"inactive", "initialize", "started",
                                          "paused",   "resumed",    "stopped"};
constexpr const char *kStopReasons[] = {
    "none",
    "host-triggered",
    "user-triggered",
    "user-left",
    "user-ejected",
    "host-disabled-app",
    "meeting-ended",
    "stream-canceled",
    "stream-revoked",
    "all-apps-disabled",
    "internal-exception",
    "connection-timeout",
    "instance-connection-interrupted",
    "signal-connection-interrupted",
    "data-connection-interrupted",
    "signal-connection-closed-abnormally",
    "data-connection-closed-abnormally",
    "exit-signal",
    "authentication-failure",
    "await-reconnection-timeout",
    "receiver-request-close",
    "customer-disconnected",
    "agent-disconnected",
    "admin-disabled-app",
    "keep-alive-timeout",
    "manual-api-triggered",
    "streaming-not-supported",
};
constexpr std::pair<std::string_view, int64_t> kOlderStopReasons[] = {
    {"undefined", 0},
    {"app-disabled-by-host", 5},
    {"meeting-connection-interrupted", 12},
};

}  // namespace

std::vector<ParticipantId> Participant::ids() const {
  std::vector<ParticipantId> ids;
  if (user_id != 0 || channel_id.empty())
    ids.emplace_back(user_id);
  if (!channel_id.empty())
    ids.emplace_back(std::string_view(channel_id));
  return ids;
}

const char *media_nick(Media m) {
  constexpr const char *names[] = {"audio", "video", "screen", "transcript", "chat"};
  return names[static_cast<unsigned>(m)];
}

const char *media_wire_key(Media m) {
  return m == Media::Screen ? "deskshare" : media_nick(m);
}

std::string media_names(MediaMask media) {
  std::string names;
  for (Media m : kAllMedia)
    if (media & media_bit(m))
      names += (names.empty() ? "" : "+") + std::string(media_nick(m));
  return names;
}

const char *product_id_key(Product p) {
  constexpr const char *keys[] = {"meeting_uuid", "meeting_uuid", "session_id", "engagement_id",
                                  "call_id"};
  return keys[static_cast<unsigned>(p)];
}

const char *codec_nick(Codec c) {
  constexpr const char *names[] = {"unknown", "l16", "g711", "g722", "opus", "jpeg", "png", "h264"};
  return name_at(names, static_cast<int>(c), "unknown");
}

std::optional<int> sample_rate_from_index(int64_t index) {
  if (index < 0 || index >= static_cast<int64_t>(std::size(kSampleRates)))
    return std::nullopt;
  return kSampleRates[index];
}

std::optional<int> sample_rate_to_index(int hz) {
  for (std::size_t i = 0; i < std::size(kSampleRates); i++)
    if (kSampleRates[i] == hz)
      return static_cast<int>(i);
  return std::nullopt;
}

const char *status_name(int64_t code) {
  return name_at(kStatusNames, code, "UNKNOWN_STATUS");
}

const char *status_advice(int64_t code) {
  switch (code) {
    case 2:
      return "check that stream-id is the rtms_stream_id of a stream that still runs";
    case 3:
      return "check client-id and client-secret (or signature), and that meeting-uuid, session-id, "
             "engagement-id or call-id and stream-id come from the same webhook";
    case 8:
    case 15:
    case 16:
      return "another connection to this stream is still open; close the other client, or wait "
             "until the service has noticed that it is gone";
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
    case 7:
    case 14:
      return "the stream does not offer what media-types asks for; check the app's scopes and "
             "media-types";
    case 17:
      return "the service refused the parameters of this kind of media; check its properties "
             "(audio-*, video-*, screen-*, transcript-*)";
    case 18:
    case 19:
    case 20:
    case 21:
    case 22:
    case 23:
    case 24:
      return "the service refused the audio parameters; check the audio-* properties";
    case 25:
    case 26:
    case 27:
    case 28:
    case 29:
    case 30:
      return "the service refused the video parameters; check the video-* properties";
    case 31:
    case 32:
    case 33:
    case 34:
    case 35:
      return "the service refused the screen share's parameters; check the screen-* properties";
    case 36:
    case 37:
    case 43:
    case 46:
      return "the service refused the transcript's parameters; check transcript-language";
    case 38:
    case 39:
      return "the service refused the chat's parameters; leave chat out of media-types";
    case 1:
    case 4:
    case 5:
    case 6:
    case 40:
    case 41:
    case 42:
      return "the service does not understand a message of the element; report it, with a log of "
             "GST_DEBUG=rtms*:6";
    case 44:
      return "nothing is to be done: the subscription is in effect";
    case 45:
      return "the service had an internal fault; try again";
    case 47:
      return "the chat of this meeting is encrypted with a key that the service does not have; "
             "leave chat out of media-types";
    default:
      return "see the service's documentation of this status code";
  }
}

std::optional<Media> media_of_status(int64_t code) {
  constexpr int64_t kNotSupported = static_cast<int64_t>(StatusCode::AudioNotSupported);
  if (code >= kNotSupported && code <= static_cast<int64_t>(StatusCode::ChatNotSupported))
    return static_cast<Media>(code - kNotSupported);
  if (code >= 18 && code <= 24)
    return Media::Audio;
  if (code >= 25 && code <= 30)
    return Media::Video;
  if (code >= 31 && code <= 35)
    return Media::Screen;
  if (code == 36 || code == 37 || code == 43 || code == 46)
    return Media::Transcript;
  if (code == 38 || code == 39 || code == 47)
    return Media::Chat;
  return std::nullopt;
}

const char *stream_state_nick(int64_t state) {
  return name_at(kStreamStates, state, "unknown");
}

const char *session_state_nick(int64_t state) {
  return name_at(kSessionStates, state, "unknown");
}

const char *stop_reason_nick(int64_t reason) {
  return name_at(kStopReasons, reason, "unknown");
}

const char *reason_nick(int64_t reason, const std::string &text) {
  return reason == 0 && !text.empty() ? text.c_str() : stop_reason_nick(reason);
}

std::optional<int64_t> stop_reason_from_name(std::string_view name) {
  constexpr std::string_view prefix = "STOP_BC_";
  if (name.substr(0, prefix.size()) == prefix)
    name.remove_prefix(prefix.size());
  std::string nick;
  for (char c : name)
    nick += c == '_' ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  for (std::size_t i = 0; i < std::size(kStopReasons); i++)
    if (nick == kStopReasons[i])
      return static_cast<int64_t>(i);
  for (auto &[older, reason] : kOlderStopReasons)
    if (nick == older)
      return reason;
  return std::nullopt;
}

bool is_restartable(int64_t reason) {
  constexpr int64_t kInternalException = 10, kAwaitReconnectionTimeout = 19, kKeepAliveTimeout = 24;
  return (reason >= kInternalException && reason <= kAwaitReconnectionTimeout) ||
         reason == kKeepAliveTimeout;
}

}  // namespace rtms

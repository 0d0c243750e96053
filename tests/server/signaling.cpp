// SPDX-License-Identifier: LGPL-2.1-or-later
// The control plane: what a client says on the signaling socket.
#include "stream.h"
#include "webhook.h"

namespace rtmstest {

void Stream::signaling_message(Connection &connection, const std::string &text) {
  NodePtr node = parse_object(text);
  JsonObject *request = node ? json_node_get_object(node.get()) : nullptr;
  if (!is_signaling(connection)) {
    signaling_handshake(connection, request);
    return;
  }
  auto type = get_int(request, "msg_type");
  if (type)
    established_message(connection, request, *type);
  else
    log_.refusal(kInvalidPayload, connection.name(), "no JSON object with a msg_type");
}

void Stream::signaling_handshake(Connection &connection, JsonObject *request) {
  if (fault("silent_signaling", config_.silent_signaling))
    return;
  if (fault("close_instead_of_answer", config_.close_instead_of_answer)) {
    connection.close();
    return;
  }
  Verdict verdict = check_type(request, 1);
  if (!verdict.status)
    verdict = check_signaling(request, identity_, config_);
  if (!verdict.status && ended_)
    verdict = {kInvalidStreamId, "the stream has ended"};
  if (verdict.status) {
    log_.refusal(verdict.status, connection.name(), verdict.why);
    signaling_refuse(connection, verdict);
  } else if (fault("status_signaling", config_.status_signaling != 0)) {
    signaling_refuse(connection, {config_.status_signaling, config_.reason});
  } else {
    signaling_accept(connection, request);
  }
}

Members Stream::refusal_members(const Verdict &verdict) const {
  Members members;
  if (config_.odd.refusal == RefusalForm::StatusCode)
    members.num("status_code", verdict.status);
  if (config_.odd.refusal == RefusalForm::Status)
    members.num("status", verdict.status);
  return members.str("reason", verdict.why);
}

void Stream::signaling_refuse(Connection &connection, const Verdict &verdict) {
  connection.send(2, refusal_members(verdict));
  connection.close();
}

void Stream::signaling_accept(Connection &connection, JsonObject *request) {
  notice_abandoned();
  if (signaling_) {
    log_.kicked(connection.name());
    drop_everything();
  }
  signaling_ = connection.shared_from_this();
  announced_.clear();
  int64_t mask = get_int(request, "media_type").value_or(0);
  for (Media m : kAllMedia)
    if ((mask == kAllMask || mask & media_bit(m)) && config_.offered.count(m))
      announced_.insert(m);
  Members response;
  response.num("status_code", kOk).str("reason", "");
  connection.send(2, response.splice(media_urls()));
  connection.start_keep_alives();
}

std::string Stream::media_urls() const {
  std::string base = base_url_ + "/media/";
  if (config_.url_form == UrlForm::TopLevel)
    return Members().str("media_server_url", base + "all").text();
  Members server;
  if (config_.url_form == UrlForm::String) {
    server.str("server_urls", base + "all");
  } else {
    Members urls;
    if (config_.offer_all)
      urls.str("all", base + "all");
    for (Media m : config_.offered)
      if (!config_.no_url.count(m))
        urls.str(m == Media::Deskshare ? config_.odd.deskshare_key : media_name(m),
                 base + media_name(m));
    server.raw("server_urls", urls.object());
  }
  return Members().raw("media_server", server.object()).text();
}

void Stream::established_message(Connection &connection, JsonObject *request, int64_t type) {
  switch (type) {
    case 1:
      log_.refusal(kDuplicateSignal, connection.name(), "second handshake on one socket");
      connection.send(2, Members().num("status_code", kDuplicateSignal).str("reason", "duplicate"));
      break;
    case 5:
      subscribe_events(connection, request);
      break;
    case 7:
      client_ready(connection, request);
      break;
    case 10:
      session_state(connection, request);
      break;
    case 13:
      connection.answered_keep_alive(get_int(request, "timestamp"));
      break;
    case 19:
      stream_state(connection, request);
      break;
    case 21:
      close_stream(connection, request);
      break;
    case 28:
      subscribe_video(connection, request);
      break;
    default:
      log_.refusal(kInvalidMessageType, connection.name(), "msg_type " + std::to_string(type));
  }
}

// Neither 5 nor 7 has an answer, so what is wrong with them can only be recorded.
void Stream::subscribe_events(Connection &connection, JsonObject *request) {
  Verdict verdict = check_subscription(request, config_);
  if (verdict.status) {
    log_.refusal(verdict.status, connection.name(), verdict.why);
    return;
  }
  JsonArray *events = json_object_get_array_member(request, "events");
  for (guint i = 0; i < json_array_get_length(events); i++) {
    JsonObject *event = json_array_get_object_element(events, i);
    int64_t type = *get_int(event, "event_type");
    if (unasked_event(type))
      log_.note("subscription of event " + std::to_string(type) + ", which is sent unasked");
    else if (get_bool(event, "subscribe").value_or(true))
      subscriptions_.insert(type);
    else
      subscriptions_.erase(type);
  }
}

void Stream::client_ready(Connection &connection, JsonObject *request) {
  bool named = json_object_has_member(request, "rtms_stream_id");
  if (named && get_string(request, "rtms_stream_id") != identity_.stream_id) {
    log_.refusal(kInvalidStreamId, connection.name(), "ready for an unknown stream");
    return;
  }
  if (unready_.empty() && !ready_for_all_) {
    log_.refusal(kInvalidReady, connection.name(), "ready, but no media handshake before it");
    return;
  }
  // One for all, or one for each: who counts is not known.
  ready_for_all_ = !config_.strict;
  do
    next_ready();
  while (ready_for_all_ && !unready_.empty());
}

// Media flows on the connection whose handshake was the first of those that wait.
void Stream::next_ready() {
  if (unready_.empty())
    return;
  MediaConnection &media = *find_media(*unready_.front());
  unready_.pop_front();
  media.ready = true;
  bool first = start_us_ == 0;
  if (first)
    announce_start();
  for (Media m : media.media)
    if (!served_.insert(m).second)
      pick_up(media, m);
  media.pump->start();
  if (first)
    run_script();
}

// After a reconnect: in real time, what has passed is lost, unless it is replayed.
void Stream::pick_up(MediaConnection &media, Media m) {
  if (m == Media::Transcript)
    for (const std::string &line : feeds_.last_lines())
      media.connection->send_text(line);
  if (config_.pace != Pace::Realtime)
    return;
  const bool replayed = m == Media::Audio && config_.replay.audio;
  feeds_.skip_to(m, position_ms() - (replayed ? config_.replay.limit_ms : 0));
  if (replayed)
    media.pump->replay(position_ms());
}

void Stream::announce_start() {
  start_us_ = g_get_monotonic_time();
  send_state(1, 0);
  int64_t now = g_get_real_time() / 1000;
  signaling_->send(9, Members()
                          .str("rtms_session_id", session_id_)
                          .num("state", 2)
                          .num("stop_reason", 0)
                          .num("timestamp", now));
  if (config_.first_packet_timestamp != 0)
    send_event(1, "", config_.first_packet_timestamp);
}

void Stream::session_state(Connection &connection, JsonObject *request) {
  bool named = json_object_has_member(request, "rtms_session_id");
  bool known = !named || get_string(request, "rtms_session_id") == session_id_;
  if (!known)
    log_.refusal(kInvalidSessionId, connection.name(), "unknown session");
  connection.send(11, Members()
                          .num("status_code", known ? kOk : kInvalidSessionId)
                          .str("rtms_session_id", session_id_)
                          .num("state", start_us_ ? 2 : 1)
                          .num("timestamp", g_get_real_time() / 1000));
}

void Stream::stream_state(Connection &connection, JsonObject *request) {
  bool known = get_string(request, "rtms_stream_id") == identity_.stream_id;
  if (!known)
    log_.refusal(kInvalidStreamId, connection.name(), "state of an unknown stream");
  connection.send(20, Members()
                          .num("status_code", known ? kOk : kInvalidStreamId)
                          .str("rtms_stream_id", identity_.stream_id)
                          .num("state", state_)
                          .num("timestamp", g_get_real_time() / 1000));
}

void Stream::close_stream(Connection &connection, JsonObject *request) {
  bool known = get_string(request, "rtms_stream_id") == identity_.stream_id;
  if (!known)
    log_.refusal(kInvalidStreamId, connection.name(), "close of an unknown stream");
  connection.send(22, Members().num("status_code", known ? kOk : kInvalidStreamId));
  if (!known)
    return;
  ended_ = true;
  constexpr int kReceiverRequest = 20;
  tell_webhook(webhook_stopped(config_, kReceiverRequest));
  drop_everything();
}

Verdict Stream::check_video_subscription(JsonObject *request) const {
  auto user = get_int(request, "user_id");
  auto subscribe = get_bool(request, "subscribe");
  if (!user || *user <= 0 || !subscribe || !get_int(request, "timestamp"))
    return {kInvalidPayload, "user_id, subscribe or timestamp"};
  const MediaConnection *video = nullptr;
  for (const MediaConnection &m : media_)
    if (m.video_data_opt)
      video = &m;
  if (!video)
    return {kAudioNotSupported + 1, "video subscription without video"};
  if (video->video_data_opt != 4)
    return {kVideoDataOpt, "video subscription without data_opt 4"};
  bool current = static_cast<uint64_t>(*user) == subscribed_user_;
  if (*subscribe && current)
    return {kDuplicateVideoSubscription, "subscribed already"};
  if (!*subscribe && !current)
    return {kInvalidPayload, "not subscribed"};
  return {};
}

void Stream::subscribe_video(Connection &connection, JsonObject *request) {
  Verdict verdict = check_video_subscription(request);
  if (verdict.status)
    log_.refusal(verdict.status, connection.name(), verdict.why);
  int64_t user = get_int(request, "user_id").value_or(0);
  bool subscribe = get_bool(request, "subscribe").value_or(false);
  Members response;
  if (config_.string_ids)
    response.str("user_id", std::to_string(user));
  else
    response.num("user_id", user);
  if (config_.odd.echo_subscribe)
    response.flag("subscribe", subscribe);
  connection.send(29, response.num("status_code", verdict.status));
  if (verdict.status)
    return;
  subscribed_user_ = subscribe ? static_cast<uint64_t>(user) : 0;
  if (feeds_.source())
    feeds_.source()->subscribed(subscribed_user_);
  if (MediaConnection *video = media_of(Media::Video); video && video->ready)
    video->pump->wake();
}

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream.h"

#include <algorithm>

#include "crypto.h"
#include "webhook.h"

namespace rtmstest {

namespace {

constexpr int64_t kLaterConnectionsMs = 1000;
constexpr int kTerminated = 4;

int64_t now_ms() {
  return g_get_real_time() / 1000;
}

// The document knows one of the strings; the others follow its pattern.
std::string reason_string(int reason) {
  constexpr const char *names[] = {"UNKNOWN",
                                   "HOST_TRIGGERED",
                                   "USER_TRIGGERED",
                                   "USER_LEFT",
                                   "USER_EJECTED",
                                   "HOST_DISABLED_APP",
                                   "MEETING_ENDED",
                                   "STREAM_CANCELED",
                                   "STREAM_REVOKED",
                                   "ALL_APPS_DISABLED",
                                   "INTERNAL_EXCEPTION",
                                   "CONNECTION_TIMEOUT",
                                   "INSTANCE_CONNECTION_INTERRUPTED",
                                   "SIGNAL_CONNECTION_INTERRUPTED",
                                   "DATA_CONNECTION_INTERRUPTED",
                                   "SIGNAL_CONNECTION_CLOSED_ABNORMALLY",
                                   "DATA_CONNECTION_CLOSED_ABNORMALLY",
                                   "EXIT_SIGNAL",
                                   "AUTHENTICATION_FAILURE",
                                   "AWAIT_RECONNECTION_TIMEOUT",
                                   "RECEIVER_REQUEST_CLOSE",
                                   "CUSTOMER_DISCONNECTED",
                                   "AGENT_DISCONNECTED",
                                   "ADMIN_DISABLED_APP",
                                   "KEEP_ALIVE_TIMEOUT",
                                   "MANUAL_API_TRIGGERED",
                                   "STREAMING_NOT_SUPPORTED"};
  constexpr int count = sizeof names / sizeof names[0];
  return std::string("STOP_BC_") + names[reason > 0 && reason < count ? reason : 0];
}

}  // namespace

Stream::Stream(Config &config, Log &log, std::string base_url)
    : config_(config),
      log_(log),
      base_url_(std::move(base_url)),
      identity_{config.product,
                config.id,
                config.stream_id,
                config.client_id,
                expected_signature(config),
                config.webhook.webinar_uuid},
      session_id_(random_hex(16)),
      feeds_(config.source) {}

Stream::~Stream() = default;

void Stream::accepted(SoupWebsocketConnection *websocket, GSocket *socket,
                      const std::string &name) {
  Connection::Identity identity{name, ++accepted_};
  connections_.push_back(
      std::make_shared<Connection>(websocket, socket, identity, *this, log_, config_));
}

bool Stream::fault(const std::string &kind, bool configured) {
  if (!configured)
    return false;
  int &count = faults_[kind];
  if (config_.fault_times >= 0 && count >= config_.fault_times)
    return false;
  count++;
  return true;
}

Connection *Stream::socket_of(Where where) {
  if (!where)
    return signaling_.get();
  MediaConnection *media = media_of(*where);
  return media ? media->connection.get() : nullptr;
}

void Stream::send(Where where, const std::string &json) {
  if (Connection *connection = socket_of(where))
    connection->send_text(json);
}

void Stream::act(Where where, Action action) {
  Connection *connection = socket_of(where);
  if (!connection)
    return;
  if (action == Action::Close)
    connection->close();
  if (action == Action::Abort)
    connection->abort();
  if (action == Action::Silence)
    connection->silence();
  if (action == Action::Stall)
    connection->stall();
  if (action == Action::Resume)
    resume(*connection);
}

// What it did not get yet goes on.
void Stream::resume(Connection &connection) {
  connection.resume();
  MediaConnection *media = find_media(connection);
  if (media && media->ready)
    media->pump->wake();
}

// The connection of all media is that of each of them.
bool Stream::in_outage(const std::string &name) const {
  const int64_t now = position_ms();
  auto covers = [&](const Outage &outage) {
    const bool meant = name == socket_name(outage.where) || (outage.where && name == "media/all");
    return meant && now >= outage.from_ms && now < outage.to_ms;
  };
  return start_us_ != 0 && std::any_of(config_.outages.begin(), config_.outages.end(), covers);
}

void Stream::on_message(Connection &connection, const std::string &text) {
  log_.note("from " + connection.name() + ": " + std::to_string(text.size()) + " bytes");
  if (connection.name() == "signaling")
    signaling_message(connection, text);
  else
    media_message(connection, text);
}

void Stream::on_keep_alives_missed(Connection &connection) {
  connection.close();
  if (is_signaling(connection))
    interrupted();
}

// Signaling is lost, and the stream is not over.
void Stream::interrupted() {
  if (!ended_)
    tell_webhook(webhook_interrupted(config_));
  drop_everything();
}

void Stream::tell_webhook(const std::string &body) {
  log_.change([&body](Log::State &state) { state.webhooks.push_back(body); });
}

void Stream::on_closed(Connection &connection, bool with_close_frame) {
  bool was_media = find_media(connection) != nullptr;
  bool lost = connection.closed_by_server() || !with_close_frame;
  unready_.remove(&connection);
  const MediaConnection *video = media_of(Media::Video);
  if (video && video->connection.get() == &connection)
    subscribed_user_ = 0;
  media_.remove_if([&](const MediaConnection &m) { return m.connection.get() == &connection; });
  if (is_signaling(connection))
    interrupted();
  if (was_media && lost)
    media_lost(connection.name());
  connections_.remove_if([&](const ConnectionPtr &other) { return other.get() == &connection; });
}

void Stream::notice_abandoned() {
  const std::list<ConnectionPtr> all = connections_;
  for (const ConnectionPtr &connection : all)
    if (connection->abandoned())
      on_closed(*connection, false);
}

void Stream::media_lost(const std::string &name) {
  log_.note("lost: " + name);
  if (!ended_ && config_.notify_media_loss)
    send_event(7, "", now_ms());
}

// Without signaling there are no media.
void Stream::drop_everything() {
  ConnectionPtr signaling = std::move(signaling_);
  MediaList media = std::move(media_);
  signaling_.reset();
  media_.clear();
  unready_.clear();
  ready_for_all_ = false;
  subscriptions_.clear();
  subscribed_user_ = 0;
  if (signaling)
    signaling->close();
  for (MediaConnection &m : media)
    m.connection->close();
}

void Stream::end(End end, int reason) {
  if (end == End::Nothing)
    return;
  if (end == End::Close) {
    interrupted();
    return;
  }
  ended_ = true;
  tell_webhook(webhook_stopped(config_, reason));
  if (end == End::TerminatedOnMedia) {
    terminate_on_media(reason);
    return;
  }
  send_state(4, reason);
  drop_everything();
}

// After libsoup has written signaling's close.
void Stream::terminate_on_media(int reason) {
  state_ = kTerminated;
  ConnectionPtr signaling = std::move(signaling_);
  if (signaling)
    signaling->close();
  grace_.idle(
      [this, reason] {
        for (MediaConnection &m : media_)
          m.connection->send(8, state_members(kTerminated, reason));
        drop_everything();
        return G_SOURCE_REMOVE;
      },
      G_PRIORITY_LOW);
}

void Stream::abort_all() {
  ended_ = true;
  for (const ConnectionPtr &connection : connections_)
    connection->abort();
}

bool Stream::media_begin() {
  if (media_begun_ || config_.pace != Pace::Realtime)
    return true;
  for (const MediaConnection &connection : media_)
    for (Media m : connection.media)
      if (!feeds_.is_ready(m))
        return false;
  media_begun_ = true;
  start_us_ = g_get_monotonic_time();
  return true;
}

int64_t Stream::position_ms() const {
  return (g_get_monotonic_time() - start_us_) / 1000;
}

void Stream::media_progress(int64_t due_ms) {
  EventItem event;
  while (feeds_.next_event(due_ms, event))
    if (subscriptions_.count(event.type))
      send_event(event.type, event.members, event.timestamp);
}

void Stream::pump_finished() {
  check_finished();
}

bool Stream::all_media_sent() const {
  return !media_.empty() && std::all_of(media_.begin(), media_.end(), [](const auto &m) {
    return m.ready && m.pump->finished();
  });
}

// More media connections may come: those that message 1 announced, or any of the offered ones where
// it told nothing.
void Stream::check_finished() {
  if (!feeds_.source() || !all_media_sent())
    return;
  std::set<Media> served;
  for (const MediaConnection &m : media_)
    served.insert(m.media.begin(), m.media.end());
  const std::set<Media> &wanted = announced_.empty() ? config_.offered : announced_;
  bool complete = std::includes(served.begin(), served.end(), wanted.begin(), wanted.end());
  grace_.after_ms(complete ? 0 : kLaterConnectionsMs, [this] {
    if (!all_media_sent())
      return G_SOURCE_REMOVE;
    log_.note("all media sent");
    log_.change([](Log::State &state) { state.finished = true; });
    end(config_.end, 6);
    return G_SOURCE_REMOVE;
  });
}

void Stream::run_script() {
  std::vector<ScriptStep> steps = config_.script;
  for (const Outage &outage : config_.outages)
    steps.push_back({outage.from_ms, outage.where, "", Action::Abort});
  for (const ScriptStep &step : steps) {
    script_.emplace_back().after_ms(step.at_ms, [this, step] {
      if (step.action == Action::Send)
        send(step.where, step.json);
      else
        act(step.where, step.action);
      return G_SOURCE_REMOVE;
    });
  }
}

void Stream::send_state(int state, int reason) {
  state_ = state;
  if (signaling_)
    signaling_->send(8, state_members(state, reason));
}

Members Stream::state_members(int state, int reason) const {
  Members members;
  members.num("state", state);
  if (config_.string_reasons)
    members.str("reason", reason_string(reason));
  else
    members.num("reason", reason);
  return members.num("timestamp", now_ms());
}

void Stream::send_event(int type, const std::string &members, int64_t timestamp) {
  if (!signaling_)
    return;
  Members event;
  event.num("event_type", type).splice(members).num("timestamp", timestamp);
  signaling_->send(6, Members().raw("event", event.object()));
}

}  // namespace rtmstest

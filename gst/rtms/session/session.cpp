// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session.h"

#include "protocol/build.h"
#include "transport/url.h"

#include <algorithm>

namespace rtms {
namespace {

// After the end of the stream: how long to wait for media that is still on its way, and how often
// at most.
constexpr unsigned kDrainQuiet_ms = 300;
constexpr unsigned kDrainRounds = 30;
// After so many, media that comes no faster than it is captured is not on its way since long: the
// service goes on sending.
constexpr unsigned kLiveRounds = 7;

bool is_live_pace(int64_t media_ms, int64_t elapsed_ms) {
  constexpr int64_t kPacket_ms = 500;
  return media_ms <= elapsed_ms + elapsed_ms / 2 + kPacket_ms;
}

}  // namespace

Session::Session(SessionConfig config, TransportFactory *transports, LogSink *log,
                 SessionListener *listener)
    : config_(std::move(config)),
      listener_(listener),
      context_{transports, &parser_, log, config_.timeout_ms, config_.keep_alive_timeout_ms},
      signaling_retry_(config_.signaling_retry),
      video_data_opt_(config_.params.video.data_opt) {}

Session::~Session() = default;

void Session::start() {
  claim_ = StreamClaim::take(config_.who.stream_id);
  if (!claim_) {
    fail(plain_error(SessionError::Kind::Busy,
                     "Stream " + config_.who.stream_id +
                         " is connected already in this process; a second connection would end "
                         "the first one. Use one rtmssrc and a tee."));
    return;
  }
  open_signaling();
}

// ---- signaling -----------------------------------------------------------------------

void Session::open_signaling() {
  if (auto problem = url_problem(config_.signaling_url, config_.allow_insecure)) {
    fail(plain_error(
        SessionError::Kind::Insecure,
        "signaling-url " + printable_url(config_.signaling_url) + " " + *problem + "."));
    return;
  }
  if (signaling_retry_.attempts() == 0)
    listener_->session_connection(ConnectionState::Connecting, 0, 0);
  signaling_established_ = false;
  subscriptions_asked_ = 0;
  signaling_ = std::make_unique<Connection>("signaling", &context_, this);
  signaling_->open(
      config_.signaling_url,
      {{"X-Zoom-RTMS-Stream-Id", config_.who.stream_id},
       {"X-Zoom-RTMS-Signature", config_.who.signature}},
      build_signaling_handshake(config_.who, config_.media, config_.buffer_data, ++sequence_));
}

void Session::signaling_answered(const SignalingResponse &response) {
  if (response.status != 0) {
    signaling_refused(status_error("signaling", response.status, response.reason));
    return;
  }
  signaling_->established();
  signaling_established_ = true;
  ever_established_ = true;
  signaling_retry_.succeeded(g_get_monotonic_time() / 1000);
  listener_->session_connection(ConnectionState::Streaming, 0, 0);
  signaling_->send(build_event_subscription(subscribable_events(config_.who.product)));
  if (close_requested_)
    close_stream();
  plan_links(response);
}

// The handshake announces all media. One that is not to be had does not keep the others away.
void Session::signaling_refused(const SessionError &why) {
  const auto media = media_of_status(why.status);
  const MediaMask rest = media ? config_.media & ~media_bit(*media) : 0;
  if (rest == 0 || rest == config_.media) {
    signaling_lost(why);
    return;
  }
  listener_->session_warning(why);
  config_.media = rest;
  signaling_retry_timer_.start(kSettle_ms, [this] { start_over(); });
  leave();
}

void Session::signaling_lost(const SessionError &why) {
  const bool first = !ever_established_;
  std::optional<unsigned> delay_ms;
  if (!over_ && !is_final(why, first))
    delay_ms = next_delay(&signaling_retry_);
  signaling_.reset();
  signaling_established_ = false;
  if (!delay_ms) {
    links_.clear();
    fail(why);
    return;
  }
  listener_->session_connection(ConnectionState::Reconnecting, 0, signaling_retry_.attempts());
  signaling_retry_timer_.start(*delay_ms, [this] { start_over(); });
  // The server drops the media connections with the signaling one.
  leave();
}

std::optional<unsigned> Session::next_delay(Retry *retry) {
  return retry->next(g_get_monotonic_time() / 1000, g_random_double());
}

// ---- what comes ----------------------------------------------------------------------

Session::Link *Session::link_of(const Connection *connection) const {
  for (auto &link : links_)
    if (link->connection.get() == connection)
      return link.get();
  return nullptr;
}

// False for those that are being left.
bool Session::is_own(const Connection *connection) const {
  return connection == signaling_.get() || link_of(connection);
}

void Session::connection_message(Connection *connection, const Message &message) {
  if (over_)
    return;
  if (auto media = std::get_if<MediaData>(&message)) {
    media_came_ = true;
    newest_media_ms_ = std::max(newest_media_ms_, media->timestamp);
    if (media_of(connection) & media_bit(media->media))
      listener_->session_media(*media);
    else
      listener_->session_ignored("media that was not asked for");
  } else if (!ending_ && is_own(connection)) {
    message_of(connection, link_of(connection), message);
  }
}

// What may come on it.
MediaMask Session::media_of(const Connection *connection) const {
  for (const Leaving &leaving : leaving_)
    if (leaving.connection.get() == connection)
      return leaving.media;
  const Link *link = link_of(connection);
  return link && (link->established || link->closing) ? link->media : 0;
}

void Session::message_of(Connection *connection, Link *link, const Message &message) {
  if (std::get_if<KeepAliveRequest>(&message)) {
    listener_->session_keep_alive(link ? link->media : 0);
  } else if (auto signaling = std::get_if<SignalingResponse>(&message)) {
    if (!link && !signaling_established_)
      signaling_answered(*signaling);
    else
      unasked(connection);
  } else if (auto data = std::get_if<DataResponse>(&message)) {
    if (link && !link->established && !link->closing)
      link_answered(link, *data);
    else
      unasked(connection);
  } else if (auto event = std::get_if<EventUpdate>(&message)) {
    listener_->session_event(*event);
    if (event->type == static_cast<int64_t>(EventType::MediaConnectionInterrupted))
      media_interrupted();
  } else if (auto state = std::get_if<StreamStateUpdate>(&message)) {
    stream_state(*state);
  } else if (auto session = std::get_if<SessionStateUpdate>(&message)) {
    listener_->session_session_state(*session);
  } else if (auto subscription = std::get_if<VideoSubscriptionResponse>(&message)) {
    subscription_answered(connection, *subscription);
  } else if (auto close = std::get_if<StreamCloseResponse>(&message)) {
    close_answered(connection, *close);
  } else if (auto unknown = std::get_if<UnknownMessage>(&message)) {
    listener_->session_ignored(connection->name() + ": msg_type " + std::to_string(unknown->type));
  } else if (auto error = std::get_if<ParseError>(&message)) {
    listener_->session_ignored(connection->name() + ": " + error->what);
  }
}

// A server that goes on answering must not fill the bus with warnings.
void Session::unasked(const Connection *connection) {
  listener_->session_ignored(connection->name() + ": an answer that nothing asked for");
}

void Session::close_answered(const Connection *connection, const StreamCloseResponse &response) {
  if (!close_requested_) {
    unasked(connection);
  } else if (response.status != 0) {
    close_requested_ = false;
    listener_->session_warning(status_error("stream close", response.status, response.reason));
  } else {
    begin_end();
  }
}

void Session::stream_state(const StreamStateUpdate &update) {
  if (ending_)
    return;
  listener_->session_stream_state(update);
  if (update.state == static_cast<int64_t>(StreamState::Interrupted) &&
      update.reason == static_cast<int64_t>(StopReason::DataConnectionInterrupted))
    media_interrupted();
  if (update.state != static_cast<int64_t>(StreamState::Terminated))
    return;
  begin_end();
}

void Session::begin_end() {
  if (ending_)
    return;
  ending_ = true;
  stop_retrying();
  drain_from_ms_ = newest_media_ms_;
  drain(1);
}

// The end comes on the signaling connection and can overtake media on the others: it is the end
// when those are closed, or quiet, or have nothing from before it any more.
void Session::drain(unsigned round) {
  media_came_ = false;
  drain_timer_.start(kDrainQuiet_ms, [this, round] {
    const bool live = round >= kLiveRounds && is_live_pace(newest_media_ms_ - drain_from_ms_,
                                                           int64_t{round} * kDrainQuiet_ms);
    if (media_came_ && !live && round < kDrainRounds)
      drain(round + 1);
    else
      ended();
  });
}

void Session::check_drained() {
  for (auto &link : links_)
    if (link->connection)
      return;
  ended();
}

void Session::ended() {
  if (over_)
    return;
  over_ = true;
  drain_timer_.stop();
  listener_->session_ended();
}

void Session::connection_lost(Connection *connection, const SessionError &why) {
  // Asked for: an end, not a loss.
  if (close_requested_ && signaling_established_)
    begin_end();
  if (over_ || ending_ || !is_own(connection)) {
    connection_closed(connection);
    return;
  }
  if (connection == signaling_.get()) {
    SessionError told = why;
    if (!ever_established_ && why.kind == SessionError::Kind::Transport &&
        why.transport.kind == TransportClose::Kind::Closed) {
      told.kind = SessionError::Kind::Unanswered;
      told.text +=
          " It did so without an answer to the handshake, which is how the service shows "
          "a wrong signature, too: check client-id, client-secret and the ids.";
    }
    signaling_lost(told);
  } else if (Link *link = link_of(connection)) {
    link_lost(link, why);
  }
}

// ---- the end -------------------------------------------------------------------------

void Session::fail(const SessionError &why) {
  if (over_)
    return;
  over_ = true;
  stop_retrying();
  listener_->session_failed(why);
}

void Session::stop_retrying() {
  signaling_retry_timer_.stop();
  for (auto &link : links_)
    link->retry_timer.stop();
}

void Session::stop(std::function<void()> done) {
  over_ = true;
  stopping_ = true;
  if (done)
    stopped_ = std::move(done);
  stop_retrying();
  drain_timer_.stop();
  leave_timer_.stop();
  forget_leaving();
  stop_timer_.start(kCloseTimeout_ms, [this] {
    for (auto &link : links_)
      drop_connection(link.get());
    signaling_.reset();
    close_next();
  });
  for (size_t i = links_.size(); i-- > 0;)
    if (links_[i]->connection)
      links_[i]->connection->close();
  close_next();
}

void Session::connection_closed(Connection *connection) {
  Link *link = link_of(connection);
  if (link && link->closing && !over_ && !ending_) {
    reopen_link(link);
    return;
  }
  if (connection == signaling_.get())
    signaling_.reset();
  else if (link)
    drop_connection(link);
  else
    left(connection);
  if (stopping_)
    close_next();
  else if (ending_)
    check_drained();
}

void Session::drop_connection(Link *link) {
  if (!link->connection)
    return;
  link->connection.reset();
  listener_->session_connection(ConnectionState::Closed, link->media, 0);
}

// Media first; the signaling connection when they are gone; then the stream is free for others.
void Session::close_next() {
  for (auto &link : links_)
    if (link->connection)
      return;
  if (signaling_) {
    signaling_->close();
    return;
  }
  stop_timer_.stop();
  if (claim_)
    listener_->session_connection(ConnectionState::Closed, 0, 0);
  claim_.reset();
  auto done = std::move(stopped_);
  stopped_ = nullptr;
  if (done)
    done();
}

// ---- requests ------------------------------------------------------------------------

void Session::close_stream() {
  // Before the handshake it would get no answer: then it waits for that.
  close_requested_ = true;
  if (signaling_ && signaling_established_)
    signaling_->send(build_stream_close(config_.who));
}

}  // namespace rtms

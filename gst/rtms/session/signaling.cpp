// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signaling.h"

#include "links.h"
#include "protocol/build.h"
#include "transport/url.h"

#include <type_traits>

namespace rtms {
namespace {

using State = Signaling::State;

// How long a connection that the service reports as lost may take to answer a ping.
constexpr unsigned kPingTimeout_ms = 2000;
// How long the service may take to notice the end of a connection whose handshake it refused.
constexpr unsigned kSettle_ms = 100;

// Between the announcement of a stream in place of a failed one, and the time when its loss is
// noticed: a silent connection is lost after a minute.
constexpr int64_t kFailover_us = 180 * G_USEC_PER_SEC;

const char *nick(State state) {
  constexpr const char *nicks[] = {"idle",     "waiting", "connecting", "established",
                                   "draining", "closing", "ended"};
  return nicks[static_cast<unsigned>(state)];
}

constexpr bool with_connection(State state) {
  return state >= State::Connecting && state <= State::Closing;
}

bool is_deliberate_close(const SessionError &why) {
  return why.kind == SessionError::Kind::Transport &&
         why.transport.kind == TransportClose::Kind::Closed && is_final(why, true);
}

// The service closes instead of answering if the signature is wrong.
SessionError unanswered(SessionError why) {
  why.kind = SessionError::Kind::Unanswered;
  why.text +=
      " The server did not answer the handshake, as the service does for a wrong signature: check "
      "client-id and client-secret, and that stream-id and the id of the meeting come from the "
      "same webhook.";
  return why;
}

}  // namespace

Signaling::Signaling(SessionContext *context, SignalingListener *listener)
    : context_(context),
      listener_(listener),
      retry_(context->config.connect_retry, context->config.signaling_retry) {}

// ---- states --------------------------------------------------------------------------

bool Signaling::has_connection() const {
  return with_connection(state());
}

Connected *Signaling::connected() {
  return std::visit(
      [](auto &life) -> Connected * {
        if constexpr (std::is_base_of_v<Connected, std::decay_t<decltype(life)>>)
          return &life;
        else
          return nullptr;
      },
      life_);
}

template <State S>
std::unique_ptr<Connection> Signaling::enter(std::unique_ptr<Connection> connection) {
  context_->debug(std::string("signaling: ") + nick(state()) + " → " + nick(S));
  if (Connected *old = connected())
    connection = std::move(old->connection);
  if constexpr (with_connection(S))
    life_.emplace<static_cast<size_t>(S)>(std::move(connection));
  else
    life_.emplace<static_cast<size_t>(S)>();
  return connection;
}

const char *Signaling::violation() const {
  auto waiting = std::get_if<Waiting>(&life_);
  return waiting && !waiting->timer.running() ? "signaling that waits has a timer" : nullptr;
}

std::unique_ptr<Connection> Signaling::wait(unsigned delay_ms) {
  auto old = enter<State::Waiting>();
  std::get<Waiting>(life_).timer.start(delay_ms, [this] {
    enter<State::Idle>();
    listener_->start_over();
  });
  return old;
}

// ---- commands of the session ---------------------------------------------------------

void Signaling::open() {
  // The first try after a loss is quick: if it fails, the server is gone. What was announced long
  // before replaces nothing: the stream went on, and its server is away for a moment.
  if (retry_.attempts() > 1 && successor_us_ + kFailover_us > lost_us_)
    join_successor();
  const SessionConfig &config = context_->config;
  if (auto problem = url_problem(config.signaling_url, config.allow_insecure)) {
    enter<State::Ended>();
    listener_->fail(
        plain_error(SessionError::Kind::Insecure,
                    "signaling-url " + printable_url(config.signaling_url) + " " + *problem + "."));
    return;
  }
  if (retry_.attempts() == 0)
    context_->listener->session_connection(ConnectionState::Connecting, 0, 0);
  enter<State::Connecting>(std::make_unique<Connection>("signaling", context_, this));
  connected()->connection->open(
      config.signaling_url,
      {{"X-Zoom-RTMS-Stream-Id", config.who.stream_id},
       {"X-Zoom-RTMS-Signature", config.who.signature()}},
      build_signaling_handshake(config.who, config.media, config.unified, config.buffer_data,
                                ++context_->sequence));
}

void Signaling::set_successor(SessionConfig with) {
  const int64_t now_us = g_get_monotonic_time();
  if (with.who.stream_id == context_->config.who.stream_id) {
    other_server_ = {std::move(with.signaling_url), with.announced_ms, now_us};
    return;
  }
  successor_ = std::move(with);
  successor_us_ = now_us;
}

bool Signaling::join_successor() {
  auto claim = successor_ ? StreamClaim::take(successor_->who.stream_id) : std::nullopt;
  if (!claim)
    return false;
  SessionConfig &config = context_->config;
  context_->debug("signaling: joining stream " + successor_->who.stream_id + " in place of " +
                  config.who.stream_id + ", whose server is gone");
  context_->claim = std::move(claim);
  successor_->who.by_webinar_id =
      config.who.by_webinar_id && !successor_->who.webinar_signature.empty();
  config.who = std::move(successor_->who);
  config.signaling_url = std::move(successor_->signaling_url);
  config.announced_ms = successor_->announced_ms;
  context_->doubted = 0;
  may_sign_otherwise_ = true;
  successor_.reset();
  other_server_.reset();
  at_other_server_ = false;
  retry_.reset();
  return true;
}

void Signaling::send(const std::string &text) {
  if (state() == State::Established)
    connected()->connection->send(text);
}

void Signaling::hurry() {
  if (state() != State::Waiting)
    return;
  enter<State::Idle>();
  listener_->start_over();
}

void Signaling::reported_lost() {
  if (state() == State::Established)
    connected()->connection->check_alive(kPingTimeout_ms);
  else
    hurry();
}

void Signaling::note_loss() {
  if (state() == State::Established)
    lost_us_ = g_get_monotonic_time();
}

std::unique_ptr<Connection> Signaling::leave() {
  note_loss();
  other_server_.reset();
  at_other_server_ = false;
  retry_.reset();
  may_sign_otherwise_ = true;
  return enter<State::Idle>();
}

void Signaling::retire() {
  if (state() < State::Connecting)
    enter<State::Ended>();
  else if (state() < State::Draining)
    enter<State::Draining>();
}

void Signaling::close() {
  if (!has_connection())
    return;
  enter<State::Closing>();
  connected()->connection->close();
}

void Signaling::drop() {
  if (state() != State::Ended)
    enter<State::Ended>();
}

// ---- received messages ---------------------------------------------------------------

void Signaling::connection_message(Connection *connection, const Message &message) {
  if (auto response = std::get_if<SignalingResponse>(&message)) {
    if (state() == State::Connecting)
      answered(*response);
    else
      context_->unasked(*connection);
  } else if (std::get_if<KeepAliveRequest>(&message)) {
    context_->listener->session_keep_alive(0);
  } else if (std::get_if<MediaData>(&message)) {
    context_->listener->session_ignored("media that were not requested");
  } else {
    context_->stream->received(*connection, message);
  }
}

void Signaling::answered(const SignalingResponse &response) {
  if (response.status == static_cast<int64_t>(StatusCode::InvalidSignature) && sign_otherwise())
    return;
  if (response.status != 0) {
    refused(status_error("signaling handshake", response.status, response.reason));
    return;
  }
  // A server that has just begun, or taken over, may know its media servers later.
  if (first_ ? names_no_server(response) : !offered(context_->config, response)) {
    lost(plain_error(SessionError::Kind::NoMedia,
                     "The service accepts the stream, but offers none of its media. If this lasts, "
                     "check the scopes of the app, or start the stream anew through the service's "
                     "API."));
    return;
  }
  enter<State::Established>();
  connected()->connection->established();
  first_ = may_sign_otherwise_ = at_other_server_ = false;
  retry_.succeeded(g_get_monotonic_time() / 1000);
  context_->listener->session_connection(ConnectionState::Streaming, 0, 0);
  listener_->signaling_established(response);
}

bool Signaling::sign_otherwise() {
  Identity &who = context_->config.who;
  if (!may_sign_otherwise_ || who.webinar_signature.empty())
    return false;
  may_sign_otherwise_ = false;
  who.by_webinar_id = !who.by_webinar_id;
  context_->debug(std::string("signaling: the signature is refused; trying that of ") +
                  (who.by_webinar_id ? "webinar_uuid" : "meeting_uuid"));
  listener_->leave(wait(kSettle_ms), false);
  return true;
}

// The handshake announces all media: one refused kind must not end the others.
void Signaling::refused(const SessionError &why) {
  const auto media = media_of_status(why.status);
  const MediaMask asked = context_->config.media;
  if (!media || !(asked & media_bit(*media)) || asked == media_bit(*media)) {
    lost(why);
    return;
  }
  auto old = wait(kSettle_ms);
  listener_->media_ended(media_bit(*media), why);
  listener_->leave(std::move(old), false);
}

void Signaling::connection_lost(Connection *, const SessionError &why) {
  // The client asked to end the stream: an end, not a loss.
  if (context_->close_requested && state() == State::Established)
    context_->stream->stream_stopped();
  if (state() >= State::Draining)
    connection_closed(nullptr);
  else if (!first_ || !is_deliberate_close(why) || !sign_otherwise())
    lost(first_ && is_deliberate_close(why) ? unanswered(why) : why);
}

void Signaling::connection_closed(Connection *) {
  const auto old = enter<State::Ended>();
  listener_->connection_gone();
}

void Signaling::lost(const SessionError &why) {
  note_loss();
  std::optional<unsigned> delay_ms;
  const bool was_there = at_other_server_;
  const bool goes_there = !was_there && retry_.attempts() > 0 && other_server_ &&
                          other_server_->since_us + kFailover_us > lost_us_;
  // While there is another server, the answer of one of them is not final.
  if (goes_there)
    delay_ms = kSettle_ms;
  else if (was_there || !is_final(why, first_))
    delay_ms = retry_.next(g_get_monotonic_time() / 1000, g_random_double());
  if (goes_there || was_there) {
    std::swap(context_->config.signaling_url, other_server_->url);
    std::swap(context_->config.announced_ms, other_server_->announced_ms);
    at_other_server_ = goes_there;
  }
  if (!delay_ms && join_successor())
    delay_ms = kSettle_ms;
  if (!delay_ms) {
    enter<State::Ended>();
    listener_->fail(after_tries(why, retry_.attempts() + 1, retry_.window_ms()));
    return;
  }
  if (first_)
    context_->listener->session_first_retry(why, retry_.attempts());
  context_->debug("signaling: try " + std::to_string(retry_.attempts()) + " in " +
                  std::to_string(*delay_ms) + " ms, within " + std::to_string(retry_.window_ms()) +
                  " ms of the loss");
  auto old = wait(*delay_ms);
  context_->listener->session_connection(ConnectionState::Reconnecting, 0, retry_.attempts());
  // The server drops the media connections with the signaling one, which is closed in order if it
  // works.
  const bool works = why.kind == SessionError::Kind::NoMedia;
  listener_->leave(works ? std::move(old) : nullptr, false);
}

}  // namespace rtms

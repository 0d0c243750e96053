// SPDX-License-Identifier: LGPL-2.1-or-later
#include "connection.h"

#include "protocol/build.h"
#include "transport/url.h"

#include <algorithm>

namespace rtms {
namespace {

// The server sends one about every 10 s. A faster server may not read the answers, which would
// accumulate here.
constexpr unsigned kMaxKeepAlivesPerSecond = 100;
// Media arrive more often than this, and make a ping unnecessary.
constexpr unsigned kListen_ms = 200;
// What was on its way arrives without such a pause.
constexpr int64_t kQuiet_us = 200 * 1000;
// How long the peer may take to answer, at least and at most.
constexpr int64_t kLeastAnswer_us = 1000 * 1000, kMostAnswer_us = 9000 * 1000;
// What has arrived is read within this time: a round, and what the loop thread needs for its other
// sockets.
constexpr int64_t kSurelyRead_us = (Transport::kMostRound_ms + 40) * 1000;

struct MessageName {
  std::string operator()(const ParseError &) const { return "no message"; }
  std::string operator()(const UnknownMessage &m) const {
    return "msg_type " + std::to_string(m.type);
  }
  std::string operator()(const SignalingResponse &) const { return "signaling response"; }
  std::string operator()(const DataResponse &) const { return "media response"; }
  std::string operator()(const EventUpdate &m) const { return "event " + std::to_string(m.type); }
  std::string operator()(const StreamStateUpdate &) const { return "stream state"; }
  std::string operator()(const SessionStateUpdate &) const { return "session state"; }
  std::string operator()(const KeepAliveRequest &m) const { return "keep-alive " + m.timestamp; }
  std::string operator()(const StreamCloseResponse &) const { return "close response"; }
  std::string operator()(const VideoSubscriptionResponse &) const {
    return "subscription response";
  }
  std::string operator()(const MediaData &m) const { return media_nick(m.media); }
};

}  // namespace

bool SessionContext::close_answered(const Connection &from, const StreamCloseResponse &response) {
  if (!close_requested) {
    unasked(from);
    return false;
  }
  close_requested = response.status == 0;
  if (!close_requested)
    listener->session_warning(
        status_error("request to close the stream", response.status, response.reason));
  return close_requested;
}

void SessionContext::unasked(const Connection &from) const {
  // Not a warning: a server that repeats such answers would fill the bus.
  listener->session_ignored(from.name() + ": an answer without a request");
}

void SessionContext::debug(const std::string &text) const {
  if (log->enabled(LogSink::Level::Debug))
    log->write(LogSink::Level::Debug, text);
}

Connection::Connection(std::string name, SessionContext *context, ConnectionListener *listener)
    : name_(std::move(name)),
      context_(context),
      listener_(listener),
      silence_(context->config.keep_alive_timeout_ms) {}

Connection::~Connection() {
  if (transport_)
    transport_->abort();
}

void Connection::open(const std::string &url, const Transport::Headers &headers,
                      std::string hello) {
  url_ = url;
  hello_ = std::move(hello);
  timer_.start(context_->config.timeout_ms,
               [this] { lost(timeout_error(name_, url_, open_, context_->config.timeout_ms)); });
  // If the permit is renewed in time, the session does not end: the next try connects.
  if (context_->ends_soon || context_->config.is_forbidden())
    return;
  log(LogSink::Level::Info, "connecting to " + printable_url(url));
  transport_ = context_->transports->create(this);
  transport_->open(url, headers);
}

void Connection::established() {
  established_ = true;
  watch();
}

// One timer that checks the age of the last bytes, instead of one that every read restarts. A
// silent peer is pinged before the connection counts as lost.
void Connection::watch(int64_t pinged_us) {
  if (shut_down_)
    return;
  const int64_t now_us = g_get_monotonic_time(), heard_us = transport_->heard_us();
  const int64_t silent_ms = (now_us - heard_us) / 1000;
  const unsigned lost_ms = silence_.lost_ms();
  if (silent_ms >= lost_ms) {
    lost(silence_error(name_, url_, lost_ms));
    return;
  }
  if (pinged_us <= heard_us && silent_ms >= silence_.ping_ms()) {
    log(LogSink::Level::Debug, "no data for " + std::to_string(silent_ms) + " ms: sending a ping");
    transport_->ping();
    pinged_us = now_us;
  }
  const unsigned next_ms = pinged_us > heard_us ? lost_ms : silence_.ping_ms();
  timer_.start(static_cast<unsigned>(next_ms - silent_ms), [this, pinged_us] { watch(pinged_us); });
}

void Connection::send(const std::string &text) {
  if (!transport_ || !open_ || closing_ || context_->config.is_forbidden())
    return;
  if (context_->log->enabled(LogSink::Level::Trace))
    log(LogSink::Level::Trace, "sending " + std::to_string(text.size()) + " bytes");
  transport_->send(text);
}

void Connection::check_alive(unsigned within_ms) {
  // A report that comes twice does not begin the check anew.
  if (alive_timer_.running())
    return;
  // What is read later has arrived later, too.
  const int64_t asked_us = g_get_monotonic_time() + kSurelyRead_us;
  alive_timer_.start(kListen_ms, [this, asked_us, within_ms] {
    if (transport_->heard_us() >= asked_us)
      return;
    log(LogSink::Level::Debug,
        "sending a ping, to be answered within " + std::to_string(within_ms) + " ms");
    transport_->ping();
    alive_timer_.start(within_ms, [this, asked_us, within_ms] {
      if (transport_->heard_us() < asked_us)
        lost(silence_error(name_, url_, within_ms));
    });
  });
}

void Connection::ask() {
  if (!transport_ || !open_ || closing_ || context_->config.is_forbidden())
    return;
  const int64_t now_us = g_get_monotonic_time(), silent_us = now_us - transport_->heard_us();
  media_before_ = std::exchange(media_, false);
  const bool first = !asked_us_;
  if (first) {
    asked_us_ = now_us;
    silent_us_ = silent_us;
  }
  if (!pinged_ && !transport_->is_behind() && (first || silent_us >= kQuiet_us)) {
    pinged_ = true;
    transport_->ping();
  }
}

bool Connection::owes_answer() const {
  if (!asked_us_ || !transport_ || transport_->answered_us() > asked_us_)
    return false;
  // While media arrive, they tell whether others are on their way: see Ending.
  if (!pinged_ && media_before_ && g_get_monotonic_time() - transport_->heard_us() < kQuiet_us)
    return false;
  const int64_t patience_us = std::clamp(silent_us_, kLeastAnswer_us, kMostAnswer_us);
  const int64_t until_us = std::max(asked_us_, transport_->heard_us()) + patience_us;
  return g_get_monotonic_time() < std::min(until_us, asked_us_ + kMostAnswer_us);
}

void Connection::read_rest() {
  if (transport_ && open_)
    transport_->read_rest();
}

void Connection::shut_down() {
  if (!transport_ || !open_)
    return;
  log(LogSink::Level::Debug, "closing, and taking what is on its way");
  shut_down_ = true;
  timer_.stop();
  alive_timer_.stop();
  if (context_->config.is_forbidden())
    transport_->shut_down();
  else
    transport_->close();
}

void Connection::close() {
  log(LogSink::Level::Debug, "closing");
  closing_ = true;
  timer_.stop();
  alive_timer_.stop();
  if (transport_ && open_)
    transport_->close();
  else
    transport_closed({});
}

void Connection::transport_opened() {
  if (context_->config.is_forbidden())
    return;
  open_ = true;
  log(LogSink::Level::Debug, "connected, sending the handshake");
  transport_->send(hello_);
}

void Connection::transport_message(std::string_view bytes) {
  static_assert(TransportListener::kPadding >= Parser::kPadding);
  Parser &parser = context_->parser;
  const Message message = parser.parse_padded(bytes);
  if (context_->log->enabled(LogSink::Level::Trace))
    log(LogSink::Level::Trace,
        std::visit(MessageName(), message) + ", " + std::to_string(bytes.size()) + " bytes");
  if (auto keep_alive = std::get_if<KeepAliveRequest>(&message))
    answer_keep_alive(*keep_alive);
  media_ |= std::holds_alternative<MediaData>(message);
  // The listener may destroy the connection, but not the session.
  listener_->connection_message(this, message);
  parser.release_outsized();
}

bool Connection::floods(int64_t now_us) {
  if (now_us - second_us_ >= G_USEC_PER_SEC) {
    second_us_ = now_us;
    keep_alives_ = 0;
  }
  return ++keep_alives_ > kMaxKeepAlivesPerSecond;
}

void Connection::answer_keep_alive(const KeepAliveRequest &request) {
  const int64_t now_us = g_get_monotonic_time();
  const unsigned before_ms = silence_.lost_ms();
  silence_.keep_alive(now_us / 1000);
  if (silence_.lost_ms() < before_ms && established_ && !closing_ && !shut_down_)
    timer_.start(0, [this] { watch(); });
  if (!floods(now_us))
    send(build_keep_alive_response(request.timestamp));
}

void Connection::transport_closed(const TransportClose &close) {
  if (closing_) {
    timer_.stop();
    transport_.reset();
    listener_->connection_closed(this);
    return;
  }
  if (shut_down_) {
    transport_.reset();
    return;
  }
  lost(transport_error(name_, url_, close));
}

void Connection::lost(const SessionError &why) {
  log(LogSink::Level::Info, why.text);
  timer_.stop();
  alive_timer_.stop();
  if (transport_)
    transport_->abort();
  open_ = false;
  listener_->connection_lost(this, why);
}

void Connection::log(LogSink::Level level, const std::string &text) {
  if (context_->log->enabled(level))
    context_->log->write(level, name_ + " connection: " + text);
}

}  // namespace rtms

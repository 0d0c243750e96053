// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session.h"

#include "protocol/build.h"

#include <utility>

namespace rtms {
namespace {

// A meeting without media for this long is reported as Silent.
constexpr unsigned kSilence_ms = 30000;
// What is on its way from the service, or is held back by its side, comes within that.
constexpr unsigned kRest_ms = 300, kRestTurn_ms = 10;

DataOpt asked_video(const SessionConfig &config) {
  return config.media & media_bit(Media::Video) ? config.params.video.data_opt
                                                : DataOpt::VideoActiveSpeaker;
}

int64_t now_ms() {
  return g_get_monotonic_time() / 1000;
}

int64_t unix_ms() {
  return g_get_real_time() / 1000;
}

// A webhook may tell the end without its reason, before the service's own message does.
bool explains_end(const Message &message, const StreamStateUpdate &told) {
  const auto update = std::get_if<StreamStateUpdate>(&message);
  return update && update->state == static_cast<int64_t>(StreamState::Terminated) &&
         (told.state != update->state || (update->has_reason() && !told.has_reason()));
}

}  // namespace

Session::Session(SessionConfig config, TransportFactory *transports, LogSink *log,
                 SessionListener *listener)
    : context_{std::move(config), transports, log, listener, this},
      video_(asked_video(context_.config)),
      signaling_(&context_, this),
      links_(&context_, this),
      leaving_(&context_, this) {}

Session::~Session() = default;

// ---- start ---------------------------------------------------------------------------

void Session::start() {
  const std::string &stream_id = context_.config.who.stream_id;
  context_.claim = StreamClaim::take(stream_id);
  if (context_.claim) {
    permit_watch_.start(context_.config.permit, [this] {
      take_rest([this] {
        leaving_.forget();
        fail(forbidden_error());
        links_.drop();
        signaling_.drop();
      });
    });
    signaling_.open();
  } else
    fail(plain_error(SessionError::Kind::Busy,
                     "Stream " + stream_id +
                         " is connected already in this process, and a second connection would end "
                         "the first one. Use one rtmssrc for the stream, with a tee behind it."));
}

void Session::signaling_established(const SignalingResponse &response) {
  signaling_.send(build_event_subscription(subscribable_events(context_.config.who.product)));
  video_.forget_requests();
  if (context_.close_requested)
    close_stream();
  links_.plan(response);
}

void Session::negotiated(Media media, const MediaParams &params) {
  if (media == Media::Video)
    video_.granted(params.video.data_opt);
  context_.listener->session_negotiated(media, params);
}

void Session::release() {
  if (stage_ == Stage::Running)
    links_.release();
}

void Session::link_ready(MediaMask media) {
  signaling_.send(build_client_ready(context_.config.who));
  if (!silence_timer_.running()) {
    silent_ = true;
    silence_timer_.start(kSilence_ms, [this] {
      if (silent_ && stage_ == Stage::Running)
        context_.listener->session_connection(ConnectionState::Silent, links_.media(), 0);
    });
  }
  if (!(media & media_bit(Media::Video)))
    return;
  if (auto request = video_.renewal(unix_ms()))
    signaling_.send(*request);
}

// The end of one kind of media ends the session only if it is the last.
void Session::media_ended(MediaMask media, const SessionError &why) {
  if (stage_ != Stage::Running)
    return;
  const MediaMask rest = context_.config.media & ~media;
  if (rest == 0) {
    fail(why);
    return;
  }
  context_.debug(media_names(media) + " ended, " + media_names(rest) + " goes on");
  context_.config.media = rest;
  if (media & media_bit(Media::Video))
    video_.granted(DataOpt::VideoActiveSpeaker);
  context_.listener->session_connection(ConnectionState::Closed, media, 0);
  context_.listener->session_media_ended(media, why);
}

// ---- replacing connections -------------------------------------------------------------

void Session::announced_again(const SessionConfig &as, bool anyway) {
  if (stage_ != Stage::Running)
    return;
  SessionConfig &config = context_.config;
  if (as.who.stream_id != config.who.stream_id) {
    signaling_.set_successor(as);
    return;
  }
  if (!anyway && as.signaling_url == config.signaling_url) {
    signaling_.hurry();
    return;
  }
  // The service repeats an announcement for minutes if it got no answer, also after a failover.
  // The first one that arrives can be older than that of the present server.
  if (!anyway && as.announced_ms && as.announced_ms < config.announced_ms) {
    context_.debug("an older announcement of another server: the present one is kept");
    if (left_urls_.count(as.signaling_url) == 0) {
      signaling_.set_successor(as);
      signaling_.reported_lost();
    }
    return;
  }
  left_urls_.insert(config.signaling_url);
  config.signaling_url = as.signaling_url;
  config.announced_ms = as.announced_ms;
  config.who.set_signatures(as.who);
  context_.doubted = 0;
  // Without a permit all ends in a moment. If the permit is renewed before, the service itself ends
  // the old connections.
  if (!context_.config.is_forbidden())
    leave(signaling_.leave(), true);
}

// The old connections must be closed before the first new one is opened.
void Session::leave(std::unique_ptr<Connection> old, bool replaced) {
  // In a moment all ends.
  if (context_.config.is_forbidden())
    return;
  links_.leave(&leaving_);
  if (old)
    leaving_.add(std::move(old), 0);
  leaving_.close(replaced);
  start_over();
}

void Session::start_over() {
  const bool due = signaling_.state() == Signaling::State::Idle;
  if (stage_ == Stage::Running && due && leaving_.empty())
    signaling_.open();
}

void Session::connection_gone() {
  if (stage_ == Stage::Running)
    start_over();
  else if (stage_ == Stage::Draining && !links_.connected() && leaving_.empty())
    ended();
  else if (stage_ == Stage::Stopping)
    close_next();
}

void Session::signaling_doubted() {
  if (stage_ == Stage::Running)
    signaling_.reported_lost();
}

// ---- received messages ---------------------------------------------------------------

void Session::received(const MediaData &media) {
  if (stage_ > Stage::Draining)
    return;
  silent_ = false;
  ending_.media(media.media, media.timestamp);
  context_.listener->session_media(media);
}

void Session::received(const Connection &from, const Message &message) {
  SessionListener *listener = context_.listener;
  if (stage_ == Stage::Draining && explains_end(message, told_)) {
    told_ = std::get<StreamStateUpdate>(message);
    listener->session_stream_state(told_);
  }
  if (stage_ != Stage::Running)
    return;
  if (auto event = std::get_if<EventUpdate>(&message)) {
    listener->session_event(*event);
    if (event->type == static_cast<int64_t>(EventType::MediaConnectionInterrupted))
      links_.reported_lost();
  } else if (auto update = std::get_if<StreamStateUpdate>(&message)) {
    // Some services tell the same state on each connection.
    if (!update->timestamp || update->timestamp != told_.timestamp ||
        update->state != told_.state || update->reason != told_.reason)
      listener->session_stream_state(*update);
    told_ = *update;
    if (update->state == static_cast<int64_t>(StreamState::Terminated))
      stream_stopped(nullptr);
    else if (update->state == static_cast<int64_t>(StreamState::Interrupted) &&
             update->reason == static_cast<int64_t>(StopReason::DataConnectionInterrupted))
      links_.reported_lost();
  } else if (auto session = std::get_if<SessionStateUpdate>(&message)) {
    listener->session_session_state(*session);
  } else if (auto subscription = std::get_if<VideoSubscriptionResponse>(&message)) {
    const auto answer = video_.answered(*subscription);
    if (answer == VideoSubscription::Answer::Unasked)
      context_.unasked(from);
    else if (answer == VideoSubscription::Answer::Refused)
      listener->session_warning(
          status_error("video subscription", subscription->status, subscription->reason));
  } else if (auto close = std::get_if<StreamCloseResponse>(&message)) {
    if (context_.close_answered(from, *close))
      stream_stopped(nullptr);
  } else if (auto unknown = std::get_if<UnknownMessage>(&message)) {
    listener->session_ignored(from.name() + ": msg_type " + std::to_string(unknown->type));
  } else if (auto error = std::get_if<ParseError>(&message)) {
    listener->session_ignored(from.name() + ": " + error->what);
  } else {
    context_.unasked(from);
  }
}

// ---- requests ------------------------------------------------------------------------

void Session::subscribe_video(uint64_t user_id, bool subscribe) {
  if (stage_ != Stage::Running)
    return;
  if (auto problem = video_.want(user_id, subscribe))
    context_.listener->session_warning(*problem);
  else if (links_.is_ready(Media::Video))
    signaling_.send(video_.request(user_id, subscribe, unix_ms()));
  // Otherwise the request is sent when video is ready.
}

void Session::close_stream() {
  // Before the handshake there would be no answer: the request is sent after it.
  context_.close_requested = true;
  signaling_.send(build_stream_close(context_.config.who));
}

// ---- the end -------------------------------------------------------------------------

void Session::stream_stopped(const StreamStateUpdate *told) {
  if (stage_ != Stage::Running)
    return;
  if (told) {
    context_.listener->session_stream_state(*told);
    const int64_t last_ms = std::max(told_.timestamp, told->timestamp);
    told_ = *told;
    told_.timestamp = last_ms;
  }
  stage_ = Stage::Draining;
  ending_.begin(now_ms(), told_.timestamp);
  drain_timer_.start(Ending::kRound_ms, [this] {
    // If this thread is late, it has not read all that has arrived.
    leaving_.read_rest();
    links_.each(&Connection::read_rest);
    links_.each(&Connection::ask);
    if (stage_ == Stage::Draining && ending_.over(now_ms()) && !links_.owe_answers())
      ended();
  });
  // Retiring may end all connections: nothing is left to wait for then.
  links_.retire();
  signaling_.retire();
  links_.each(&Connection::ask);
}

void Session::ended() {
  context_.debug("the stream is over after " + std::to_string(ending_.rounds()) +
                 " rounds of waiting for media");
  stage_ = Stage::Over;
  drain_timer_.stop();
  permit_watch_.stop();
  context_.listener->session_ended();
}

void Session::fail(const SessionError &why) {
  if (stage_ > Stage::Draining)
    return;
  stage_ = Stage::Over;
  drain_timer_.stop();
  permit_watch_.stop();
  links_.retire();
  signaling_.retire();
  context_.listener->session_failed(why);
}

// Nobody else has what the service has sent: what has arrived, and what is on its way.
void Session::take_rest(std::function<void()> done) {
  if (rest_taken_)
    return;
  rest_taken_ = std::move(done);
  context_.ends_soon = true;
  leaving_.read_rest();
  links_.each(&Connection::read_rest);
  leaving_.shut_down();
  links_.each(&Connection::shut_down);
  const int64_t until_ms = now_ms() + kRest_ms;
  const auto finish = [this, until_ms] {
    if ((links_.shutting_down() || !leaving_.empty()) && now_ms() < until_ms)
      return;
    rest_timer_.stop();
    leaving_.read_rest();
    links_.each(&Connection::read_rest);
    // The messages may have led to stop().
    if (const auto taken = std::exchange(rest_taken_, nullptr))
      taken();
  };
  rest_timer_.start(kRestTurn_ms, finish);
  finish();
}

void Session::stop(std::function<void()> done) {
  stage_ = Stage::Stopping;
  if (done)
    stopped_ = std::move(done);
  stop_timer_.start(Leaving::kTimeout_ms, [this] {
    links_.drop();
    signaling_.drop();
    close_next();
  });
  drain_timer_.stop();
  silence_timer_.stop();
  permit_watch_.stop();
  rest_timer_.stop();
  rest_taken_ = nullptr;
  leaving_.forget();
  signaling_.retire();
  links_.close();
  // The service is not told, and would go on sending.
  if (context_.config.is_forbidden()) {
    links_.drop();
    signaling_.drop();
  }
  close_next();
}

// Closes the media connections first, then the signaling connection, then releases the stream.
void Session::close_next() {
  if (links_.connected())
    return;
  if (signaling_.has_connection()) {
    signaling_.close();
    return;
  }
  stage_ = Stage::Stopped;
  stop_timer_.stop();
  if (context_.claim)
    context_.listener->session_connection(ConnectionState::Closed, 0, 0);
  context_.claim.reset();
  auto done = std::move(stopped_);
  stopped_ = nullptr;
  if (done)
    done();
}

const char *Session::violation() const {
  if (const char *violation = signaling_.violation())
    return violation;
  if (const char *violation = links_.violation())
    return violation;
  // Without a permit all ends in a moment, see leave().
  if (stage_ != Stage::Running || context_.config.is_forbidden())
    return nullptr;
  const bool established = signaling_.state() == Signaling::State::Established;
  if (links_.media() != (established ? context_.config.media : 0))
    return "each kind of media that is wanted has a link, while there is signaling";
  if (!leaving_.empty() && signaling_.has_connection())
    return "nothing is opened while others are left";
  if (leaving_.empty() && signaling_.state() == Signaling::State::Idle)
    return "a session that runs waits for something";
  return nullptr;
}

}  // namespace rtms

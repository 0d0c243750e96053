#include "session.h"

#include "../protocol/build.h"
#include "advice.h"
#include "negotiate.h"
#include "url.h"

#include <algorithm>

namespace rtms {
namespace {

// How long stop() waits for the server's half of the closing handshakes.
constexpr unsigned kCloseTimeout_ms = 400;
// After the end of the stream: how long to wait for media that is still on its way, and how often at most.
constexpr unsigned kDrainQuiet_ms = 300;
constexpr unsigned kDrainRounds = 30;

int64_t monotonic_ms() {
  return g_get_monotonic_time() / 1000;
}

std::string link_name(MediaMask media) {
  std::string name;
  for (Media m : kAllMedia)
    if (media & media_bit(m))
      name += (name.empty() ? "" : "+") + std::string(media_nick(m));
  return name;
}

// The service has not noticed yet that the old connection is gone, or has a passing fault.
bool is_transient(int64_t status) {
  return status == static_cast<int64_t>(StatusCode::DuplicateSignalRequest) ||
         status == static_cast<int64_t>(StatusCode::DuplicateMediaDataConnection) ||
         status == static_cast<int64_t>(StatusCode::InternalException);
}

// The one kind of media that a status between 9 and 13 is about.
std::optional<Media> unsupported_media(int64_t status) {
  constexpr int64_t first = static_cast<int64_t>(StatusCode::AudioNotSupported);
  if (status < first || status > static_cast<int64_t>(StatusCode::ChatNotSupported))
    return std::nullopt;
  return static_cast<Media>(status - first);
}

// Whether to try again after this; `first`: nothing has worked on this connection yet.
bool is_final(const SessionError &why, bool first) {
  switch (why.kind) {
    case SessionError::Kind::Status:
      return !is_transient(why.status);
    case SessionError::Kind::Timeout:
      return first;
    case SessionError::Kind::Transport:
      if (why.transport.kind == TransportClose::Kind::Redirect)
        return true;
      if (why.transport.kind == TransportClose::Kind::Http)
        return first || why.transport.code != 503;
      return first;
    default:
      return true;
  }
}

SessionError status_error(const std::string &name, int64_t status, const std::string &reason) {
  SessionError error;
  error.kind = SessionError::Kind::Status;
  error.status = status;
  error.text = status_text(name, status, reason);
  return error;
}

SessionError plain_error(SessionError::Kind kind, std::string text) {
  SessionError error;
  error.kind = kind;
  error.text = std::move(text);
  return error;
}

}  // namespace

Session::Session(SessionConfig config, TransportFactory *transports, LogSink *log,
                 SessionListener *listener)
    : config_(std::move(config)),
      listener_(listener),
      context_{transports, &parser_, log, config_.timeout_ms, config_.keep_alive_timeout_ms},
      signaling_retry_(config_.signaling_retry) {}

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

// ---- signaling ---------------------------------------------------------------------------------

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
  signaling_ = std::make_unique<Connection>("signaling", &context_, this);
  signaling_->open(
      config_.signaling_url,
      {{"X-Zoom-RTMS-Stream-Id", config_.who.stream_id},
       {"X-Zoom-RTMS-Signature", config_.who.signature}},
      build_signaling_handshake(config_.who, config_.media, config_.buffer_data, ++sequence_));
}

void Session::signaling_answered(const SignalingResponse &response) {
  if (signaling_established_)
    return;
  if (response.status != 0) {
    signaling_lost(status_error("signaling", response.status, response.reason));
    return;
  }
  signaling_->established();
  signaling_established_ = true;
  ever_established_ = true;
  signaling_retry_.reset();
  listener_->session_connection(ConnectionState::Streaming, 0, 0);
  signaling_->send(build_event_subscription(subscribable_events(config_.who.product)));
  plan_links(response);
}

void Session::signaling_lost(const SessionError &why) {
  // The server drops the media connections with the signaling one.
  MediaMask lost = 0;
  for (auto &link : links_)
    lost |= link->media;
  links_.clear();
  signaling_.reset();
  const bool first = !ever_established_;
  if (lost)
    listener_->session_media_lost(lost);
  std::optional<unsigned> delay_ms;
  if (!over_ && !is_final(why, first))
    delay_ms = signaling_retry_.next(monotonic_ms(), g_random_double());
  if (!delay_ms) {
    fail(why);
    return;
  }
  listener_->session_connection(ConnectionState::Reconnecting, 0, signaling_retry_.attempts());
  signaling_retry_timer_.start(*delay_ms, [this] { open_signaling(); });
}

// ---- media connections
// ---------------------------------------------------------------------------

void Session::plan_links(const SignalingResponse &response) {
  bool unified = config_.unified;
  if (unified && response.all_url.empty()) {
    listener_->session_warning(
        plain_error(SessionError::Kind::Protocol,
                    "The service offers no connection for all media: using one for each. Set "
                    "connection-mode=split to ask for that."));
    unified = false;
  }
  if (unified) {
    add_link(config_.media, response.all_url);
  } else {
    for (Media media : kAllMedia) {
      if (!(config_.media & media_bit(media)))
        continue;
      const std::string &own = response.media_url[static_cast<unsigned>(media)];
      const std::string &url = own.empty() ? response.all_url : own;
      if (url.empty())
        listener_->session_warning(plain_error(
            SessionError::Kind::NoMedia,
            std::string("The service does not offer ") + media_nick(media) +
                " for this stream. Check the app's scopes, or leave it out of media-types."));
      else
        add_link(media_bit(media), url);
    }
  }
  // By number: a connection that fails at once ends the session and its links.
  for (size_t i = 0; i < links_.size() && !over_; i++)
    open_link(links_[i].get());
  check_all_answered();
}

void Session::add_link(MediaMask media, const std::string &url) {
  auto link = std::make_unique<Link>(config_.media_retry);
  link->media = media;
  link->url = url;
  // Planned anew after the signaling connection was lost: a reconnect like any other.
  link->answered = link->lost = all_answered_;
  links_.push_back(std::move(link));
}

void Session::open_link(Link *link) {
  if (auto problem = url_problem(link->url, config_.allow_insecure)) {
    fail(plain_error(SessionError::Kind::Insecure,
                     "The service's media URL " + printable_url(link->url) + " " + *problem + "."));
    return;
  }
  if (link->retry.attempts() == 0)
    listener_->session_connection(ConnectionState::Connecting, link->media, 0);
  link->established = false;
  link->connection = std::make_unique<Connection>(link_name(link->media), &context_, this);
  link->connection->open(
      link->url, {}, build_data_handshake(config_.who, link->media, config_.params, ++sequence_));
}

void Session::link_answered(Link *link, const DataResponse &response) {
  if (link->established)
    return;
  if (response.status != 0) {
    link_refused(link, response);
    return;
  }
  if (response.payload_encrypted) {
    fail(plain_error(SessionError::Kind::Encrypted,
                     "The service encrypts the payloads of " + link_name(link->media) +
                         " (protocol version 2), which this element cannot read. Turn payload "
                         "encryption off for the app."));
    return;
  }
  link->connection->established();
  link->established = true;
  link->order = ++established_count_;
  link->answered = true;
  link->lost = false;
  link->retry.reset();
  if (!apply_negotiation(link, response))
    return;
  listener_->session_connection(ConnectionState::Streaming, link->media, 0);
  send_ready(link);
  check_all_answered();
}

void Session::send_ready(Link *link) {
  link->ready = released_;
  if (released_)
    signaling_->send(build_client_ready(config_.who));
}

void Session::release() {
  if (released_)
    return;
  released_ = true;
  // In the order in which their handshakes succeeded.
  std::vector<Link *> waiting;
  for (auto &link : links_)
    if (link->established && !link->ready)
      waiting.push_back(link.get());
  std::sort(waiting.begin(), waiting.end(),
            [](const Link *a, const Link *b) { return a->order < b->order; });
  for (Link *link : waiting)
    send_ready(link);
}

// False when nothing that can be used is left of the link.
bool Session::apply_negotiation(Link *link, const DataResponse &response) {
  for (Media media : kAllMedia) {
    if (!(link->media & media_bit(media)))
      continue;
    const Negotiation result =
        negotiate(media, config_.params, response.params[static_cast<unsigned>(media)]);
    if (!result.problem.empty()) {
      drop_media(link, media_bit(media),
                 plain_error(SessionError::Kind::Protocol,
                             std::string("The service's parameters for ") + media_nick(media) +
                                 " cannot be used: " + result.problem + "."));
      return false;
    }
    if (!result.changes.empty())
      listener_->session_warning(plain_error(SessionError::Kind::Protocol,
                                             std::string("The service gives other ") +
                                                 media_nick(media) +
                                                 " than was asked for: " + result.changes + "."));
    listener_->session_negotiated(media, result.params);
  }
  return true;
}

void Session::link_refused(Link *link, const DataResponse &response) {
  const SessionError error = status_error(link_name(link->media), response.status, response.reason);
  const auto media = unsupported_media(response.status);
  if (media && (link->media & media_bit(*media)))
    drop_media(link, media_bit(*media), error);
  else
    link_lost(link, error);
}

// One kind of media is not to be had: the others go on, on the same connection where there are any.
void Session::drop_media(Link *link, MediaMask media, const SessionError &why) {
  listener_->session_warning(why);
  last_refusal_ = why.text;
  config_.media &= ~media;
  link->media &= ~media;
  link->connection.reset();
  if (link->media) {
    open_link(link);
    return;
  }
  links_.erase(std::find_if(links_.begin(), links_.end(),
                            [&](auto &candidate) { return candidate.get() == link; }));
  check_all_answered();
}

void Session::link_lost(Link *link, const SessionError &why) {
  const bool first = !link->answered;
  link->connection.reset();
  link->established = false;
  if (!link->lost && !first) {
    link->lost = true;
    listener_->session_media_lost(link->media);
  }
  std::optional<unsigned> delay_ms;
  if (!is_final(why, first))
    delay_ms = link->retry.next(monotonic_ms(), g_random_double());
  if (!delay_ms) {
    fail(why);
    return;
  }
  listener_->session_connection(ConnectionState::Reconnecting, link->media, link->retry.attempts());
  link->retry_timer.start(*delay_ms, [this, link] { open_link(link); });
}

void Session::check_all_answered() {
  if (over_ || all_answered_)
    return;
  if (links_.empty()) {
    fail(plain_error(SessionError::Kind::NoMedia,
                     "The service offers none of the media that media-types asks for. " +
                         last_refusal_));
    return;
  }
  for (auto &link : links_)
    if (!link->answered)
      return;
  all_answered_ = true;
  listener_->session_all_negotiated();
}

// ---- what comes
// ------------------------------------------------------------------------------------

Session::Link *Session::link_of(const Connection *connection) {
  for (auto &link : links_)
    if (link->connection.get() == connection)
      return link.get();
  return nullptr;
}

void Session::connection_message(Connection *connection, const Message &message) {
  if (over_)
    return;
  Link *link = link_of(connection);
  if (auto media = std::get_if<MediaData>(&message)) {
    media_came_ = true;
    if (link && link->established && (link->media & media_bit(media->media)))
      listener_->session_media(*media);
    else
      listener_->session_ignored("media that was not asked for");
  } else if (!ending_) {
    message_of(connection, link, message);
  }
}

void Session::message_of(Connection *connection, Link *link, const Message &message) {
  if (std::get_if<KeepAliveRequest>(&message)) {
    listener_->session_keep_alive(link ? link->media : 0);
  } else if (auto signaling = std::get_if<SignalingResponse>(&message)) {
    if (!link)
      signaling_answered(*signaling);
  } else if (auto data = std::get_if<DataResponse>(&message)) {
    if (link)
      link_answered(link, *data);
  } else if (auto event = std::get_if<EventUpdate>(&message)) {
    listener_->session_event(*event);
  } else if (auto state = std::get_if<StreamStateUpdate>(&message)) {
    stream_state(*state);
  } else if (auto session = std::get_if<SessionStateUpdate>(&message)) {
    listener_->session_session_state(*session);
  } else if (auto subscription = std::get_if<VideoSubscriptionResponse>(&message)) {
    if (subscription->status != 0)
      listener_->session_warning(
          status_error("video subscription", subscription->status, subscription->reason));
  } else if (auto close = std::get_if<StreamCloseResponse>(&message)) {
    if (close->status != 0)
      listener_->session_warning(status_error("stream close", close->status, close->reason));
  } else if (auto unknown = std::get_if<UnknownMessage>(&message)) {
    listener_->session_ignored(connection->name() + ": msg_type " + std::to_string(unknown->type));
  } else if (auto error = std::get_if<ParseError>(&message)) {
    listener_->session_ignored(connection->name() + ": " + error->what);
  }
}

void Session::stream_state(const StreamStateUpdate &update) {
  if (ending_)
    return;
  listener_->session_stream_state(update);
  if (update.state != static_cast<int64_t>(StreamState::Terminated))
    return;
  ending_ = true;
  signaling_retry_timer_.stop();
  for (auto &link : links_)
    link->retry_timer.stop();
  drain(kDrainRounds);
}

// The end comes on the signaling connection and can overtake media on the others: it is the end when those
// are closed, or quiet.
void Session::drain(unsigned rounds_left) {
  media_came_ = false;
  drain_timer_.start(kDrainQuiet_ms, [this, rounds_left] {
    if (media_came_ && rounds_left > 0)
      drain(rounds_left - 1);
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
  if (over_ || ending_) {
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

// ---- the end
// -----------------------------------------------------------------------------------------

void Session::fail(const SessionError &why) {
  if (over_)
    return;
  over_ = true;
  listener_->session_failed(why);
}

void Session::stop(std::function<void()> done) {
  over_ = true;
  stopping_ = true;
  if (done)
    stopped_ = std::move(done);
  signaling_retry_timer_.stop();
  drain_timer_.stop();
  for (auto &link : links_)
    link->retry_timer.stop();
  stop_timer_.start(kCloseTimeout_ms, [this] {
    links_.clear();
    signaling_.reset();
    close_next();
  });
  for (size_t i = links_.size(); i-- > 0;)
    if (links_[i]->connection)
      links_[i]->connection->close();
  close_next();
}

void Session::connection_closed(Connection *connection) {
  if (connection == signaling_.get())
    signaling_.reset();
  else if (Link *link = link_of(connection))
    link->connection.reset();
  if (stopping_)
    close_next();
  else if (ending_)
    check_drained();
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

// ---- requests
// ----------------------------------------------------------------------------------------

void Session::subscribe_video(uint64_t user_id, bool subscribe) {
  if (signaling_)
    signaling_->send(build_video_subscription(user_id, subscribe, g_get_real_time() / 1000));
}

void Session::close_stream() {
  if (signaling_)
    signaling_->send(build_stream_close(config_.who));
}

}  // namespace rtms

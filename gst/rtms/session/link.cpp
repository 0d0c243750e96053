// SPDX-License-Identifier: LGPL-2.1-or-later
#include "link.h"

#include "protocol/build.h"
#include "transport/url.h"

#include <algorithm>
#include <type_traits>

namespace rtms {
namespace {

using State = Link::State;

// How long a connection that the service reports as lost may take to answer a ping.
constexpr unsigned kPingTimeout_ms = 2000;
// How long the check of a signaling connection takes, and the answer to a new one.
constexpr unsigned kVerdict_ms = kPingTimeout_ms + 1000;
// How long the service may take to notice the end of a connection whose handshake it refused.
constexpr unsigned kSettle_ms = 100;

const char *nick(State state) {
  constexpr const char *nicks[] = {"planned",   "waiting",  "connecting", "established", "ready",
                                   "replacing", "draining", "closing",    "ended"};
  return nicks[static_cast<unsigned>(state)];
}

constexpr bool with_connection(State state) {
  return state >= State::Connecting && state <= State::Closing;
}

std::optional<SessionError> insecurity(const std::string &url, const SessionConfig &config) {
  auto problem = url_problem(url, config.allow_insecure);
  if (!problem && !config.allow_insecure && is_secure(config.signaling_url) && !is_secure(url))
    problem =
        "is not encrypted, although the signaling URL is; set allow-insecure=true to accept that";
  if (!problem)
    return std::nullopt;
  return plain_error(SessionError::Kind::Insecure,
                     "The service's media URL " + printable_url(url) + " " + *problem + ".");
}

SessionError unusable(Media media, const std::string &problem) {
  return plain_error(SessionError::Kind::Protocol, std::string("The service's parameters for ") +
                                                       media_nick(media) +
                                                       " cannot be used: " + problem + ".");
}

SessionError changed(Media media, const std::string &changes) {
  return plain_error(SessionError::Kind::Protocol,
                     std::string("The service does not grant the ") + media_nick(media) +
                         " as requested: " + changes + ". The caps are those of what it grants.");
}

SessionError interrupted() {
  return plain_error(SessionError::Kind::Interrupted,
                     "The service reports that it has lost the media connection.");
}

}  // namespace

Link::Link(MediaMask media, std::string url, bool again, SessionContext *context,
           LinkListener *listener)
    : media_(media),
      url_(std::move(url)),
      context_(context),
      listener_(listener),
      retry_(again ? context->config.media_retry : context->config.connect_retry,
             context->config.media_retry),
      first_(!again) {}

// ---- states --------------------------------------------------------------------------

bool Link::has_connection() const {
  return with_connection(state());
}

Connected *Link::connected() {
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
void Link::enter(std::unique_ptr<Connection> connection) {
  context_->debug(media_names(media_) + " link: " + nick(state()) + " → " + nick(S));
  if (Connected *old = connected())
    connection = std::move(old->connection);
  if constexpr (with_connection(S))
    life_.emplace<static_cast<size_t>(S)>(std::move(connection));
  else
    life_.emplace<static_cast<size_t>(S)>();
}

const char *Link::violation() const {
  if (auto waiting = std::get_if<Waiting>(&life_); waiting && !waiting->timer.running())
    return "a link that waits has a timer";
  if (auto replacing = std::get_if<Replacing>(&life_); replacing && !replacing->timer.running())
    return "a connection is replaced within a time";
  if (state() != State::Ended && media_ == 0)
    return "a link carries media";
  return nullptr;
}

void Link::wait(unsigned delay_ms) {
  enter<State::Waiting>();
  std::get<Waiting>(life_).timer.start(delay_ms, [this] { open(); });
}

// ---- commands of the session ---------------------------------------------------------

void Link::open() {
  if (state() != State::Planned && state() != State::Waiting)
    return;
  if (auto why = insecurity(url_, context_->config)) {
    give_up(media_, *why);
    return;
  }
  if (retry_.attempts() == 0)
    context_->listener->session_connection(ConnectionState::Connecting, media_, 0);
  enter<State::Connecting>(std::make_unique<Connection>(media_names(media_), context_, this));
  const SessionConfig &config = context_->config;
  connected()->connection->open(
      url_, {}, build_data_handshake(config.who, media_, config.params, ++context_->sequence));
}

void Link::set_ready() {
  if (state() == State::Established)
    enter<State::Ready>();
}

// The service does not name the link. A link that is repaired or being repaired ignores the report,
// as well as a repeated one.
void Link::reported_lost(bool only) {
  if ((state() != State::Established && state() != State::Ready) ||
      connected()->connection->is_shut_down())
    return;
  const int64_t window_us = context_->config.media_retry.window_ms * int64_t{1000};
  const bool repaired = repaired_us_ && g_get_monotonic_time() - *repaired_us_ < window_us;
  if (!only || repaired) {
    connected()->connection->check_alive(kPingTimeout_ms);
    return;
  }
  // The connection may still work on this side: it must be closed before another one is opened.
  enter<State::Replacing>();
  std::get<Replacing>(life_).timer.start(Leaving::kTimeout_ms, [this] { lost(interrupted()); });
  connected()->connection->close();
}

void Link::retire() {
  if (state() <= State::Connecting)
    close();
  else if (state() < State::Draining)
    enter<State::Draining>();
}

void Link::close() {
  if (has_connection()) {
    enter<State::Closing>();
    connected()->connection->close();
  } else if (state() != State::Ended) {
    const bool told = state() != State::Planned;
    enter<State::Ended>();
    if (told)
      context_->listener->session_connection(ConnectionState::Closed, media_, 0);
  }
}

Connection *Link::connection() {
  const Connected *from = connected();
  return from ? from->connection.get() : nullptr;
}

void Link::drop() {
  if (!has_connection())
    return;
  enter<State::Ended>();
  context_->listener->session_connection(ConnectionState::Closed, media_, 0);
}

void Link::leave(Leaving *leaving) {
  const bool streams = state() > State::Connecting;
  if (Connected *old = connected())
    leaving->add(std::move(old->connection), streams ? media_ : 0);
  if (state() != State::Ended)
    enter<State::Ended>();
}

// ---- received messages ---------------------------------------------------------------

void Link::connection_message(Connection *connection, const Message &message) {
  if (auto media = std::get_if<MediaData>(&message)) {
    const bool streams = state() > State::Connecting && state() < State::Closing;
    if (streams && (media_ & media_bit(media->media)))
      context_->stream->received(*media);
    else
      context_->listener->session_ignored("media that were not requested");
  } else if (auto response = std::get_if<DataResponse>(&message)) {
    if (state() == State::Connecting)
      answered(*response);
    else
      context_->unasked(*connection);
  } else if (std::get_if<KeepAliveRequest>(&message)) {
    context_->listener->session_keep_alive(media_);
  } else {
    context_->stream->received(*connection, message);
  }
}

void Link::answered(const DataResponse &response) {
  if (response.status != 0) {
    const SessionError why =
        status_error(media_names(media_) + " handshake", response.status, response.reason);
    const auto media = media_of_status(response.status);
    if (media && (media_ & media_bit(*media)))
      give_up(media_bit(*media), why);
    else
      lost(why);
    return;
  }
  // Servers also say so of clear streams; the payloads decide.
  if (response.payload_encrypted)
    context_->debug(media_names(media_) +
                    " link: the answer says payload_encrypted, which was not requested");
  Negotiations results;
  for (Media media : kAllMedia) {
    const auto index = static_cast<unsigned>(media);
    if (media_ & media_bit(media))
      results[index] = negotiate(media, context_->config.params, response.params[index]);
    if (!results[index].problem.empty()) {
      give_up(media_bit(media), unusable(media, results[index].problem));
      return;
    }
  }
  established(results);
}

void Link::established(const Negotiations &results) {
  const int64_t now_us = g_get_monotonic_time();
  enter<State::Established>();
  connected()->connection->established();
  if (!first_)
    repaired_us_ = now_us;
  first_ = false;
  context_->doubted &= ~media_;
  order_ = ++context_->established;
  retry_.succeeded(now_us / 1000);
  for (Media media : kAllMedia) {
    if (!(media_ & media_bit(media)))
      continue;
    const Negotiation &result = results[static_cast<unsigned>(media)];
    context_->debug(media_names(media_bit(media)) +
                    " negotiated: " + (result.changes.empty() ? "as requested" : result.changes));
    std::string &told = told_changes_[static_cast<unsigned>(media)];
    if (!result.changes.empty() && result.changes != told)
      context_->listener->session_warning(changed(media, result.changes));
    told = result.changes;
    context_->stream->negotiated(media, result.params);
  }
  context_->listener->session_connection(ConnectionState::Streaming, media_, 0);
  listener_->link_established(this);
}

void Link::connection_lost(Connection *, const SessionError &why) {
  // The client asked to end the stream: an end, not a loss.
  if (context_->close_requested)
    context_->stream->stream_stopped();
  if (state() >= State::Draining)
    gone();
  else
    lost(why);
}

void Link::connection_closed(Connection *) {
  if (state() == State::Replacing)
    lost(interrupted());
  else
    gone();
}

void Link::lost(const SessionError &why) {
  // A status is final while signaling lives. With signaling, the service drops the media
  // connections: it refuses new ones, while the end of the signaling connection may be known to it
  // alone.
  const bool doubtful =
      why.kind == SessionError::Kind::Status && !first_ && !(context_->doubted & media_);
  const bool final = is_final_for(media_, why, first_);
  std::optional<unsigned> delay_ms;
  if (!final || doubtful)
    delay_ms = retry_.next(g_get_monotonic_time() / 1000, g_random_double());
  if (final && delay_ms) {
    context_->doubted |= media_;
    listener_->signaling_doubted();
    delay_ms = std::max(*delay_ms, kVerdict_ms);
  }
  if (state() > State::Connecting)
    context_->listener->session_media_lost(media_);
  if (!delay_ms) {
    give_up(media_, after_tries(why, retry_.attempts() + 1, retry_.window_ms()));
    return;
  }
  if (first_)
    context_->listener->session_first_retry(why, retry_.attempts());
  context_->debug(media_names(media_) + " link: try " + std::to_string(retry_.attempts()) + " in " +
                  std::to_string(*delay_ms) + " ms, within " + std::to_string(retry_.window_ms()) +
                  " ms of the loss");
  wait(*delay_ms);
  context_->listener->session_connection(ConnectionState::Reconnecting, media_, retry_.attempts());
}

// The remaining media of the link continue on a new connection.
void Link::give_up(MediaMask media, const SessionError &why) {
  context_->debug("giving up " + media_names(media) + ": " + why.text);
  const MediaMask rest = media_ & ~media;
  if (rest)
    wait(kSettle_ms);
  else
    enter<State::Ended>();
  media_ = rest;
  listener_->link_ended(this, media, why);
}

void Link::gone() {
  if (!has_connection())
    return;
  enter<State::Ended>();
  context_->listener->session_connection(ConnectionState::Closed, media_, 0);
  listener_->connection_gone();
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// The media connections of a session: which there are, their handshakes, their losses.
#include "negotiate.h"
#include "protocol/build.h"
#include "session.h"
#include "transport/url.h"

#include <algorithm>

namespace rtms {
namespace {

// What a connection that the service calls lost may take to answer a ping.
constexpr unsigned kPingTimeout_ms = 2000;

}  // namespace

void Session::plan_links(const SignalingResponse &response) {
  links_planned_++;
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
  link->answered = all_answered_;
  link->lost = links_planned_ > 1;
  links_.push_back(std::move(link));
}

void Session::open_link(Link *link) {
  auto problem = url_problem(link->url, config_.allow_insecure);
  if (!problem && !config_.allow_insecure && is_secure(config_.signaling_url) &&
      !is_secure(link->url))
    problem =
        "is not encrypted, but the signaling connection is; set allow-insecure=true to accept that";
  if (problem) {
    fail(plain_error(SessionError::Kind::Insecure,
                     "The service's media URL " + printable_url(link->url) + " " + *problem + "."));
    return;
  }
  if (link->retry.attempts() == 0)
    listener_->session_connection(ConnectionState::Connecting, link->media, 0);
  link->established = false;
  link->connection = std::make_unique<Connection>(media_names(link->media), &context_, this);
  link->connection->open(
      link->url, {}, build_data_handshake(config_.who, link->media, config_.params, ++sequence_));
}

void Session::link_answered(Link *link, const DataResponse &response) {
  if (response.status != 0) {
    link_refused(link, response);
    return;
  }
  if (response.payload_encrypted) {
    fail(plain_error(SessionError::Kind::Encrypted,
                     "The service encrypts the payloads of " + media_names(link->media) +
                         " (protocol version 2), which this element cannot read. Turn payload "
                         "encryption off for the app."));
    return;
  }
  link->connection->established();
  link->established = true;
  link->order = ++established_count_;
  if (link->lost)
    link->repaired_us = g_get_monotonic_time();
  link->answered = true;
  link->lost = false;
  link->retry.succeeded(g_get_monotonic_time() / 1000);
  if (!apply_negotiation(link, response))
    return;
  listener_->session_connection(ConnectionState::Streaming, link->media, 0);
  send_ready(link);
  check_all_answered();
}

void Session::send_ready(Link *link) {
  link->ready = released_;
  if (!released_)
    return;
  signaling_->send(build_client_ready(config_.who));
  if (link->media & media_bit(Media::Video))
    renew_subscription();
}

void Session::release() {
  if (released_ || over_ || ending_)
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
    if (media == Media::Video)
      video_data_opt_ = result.params.video.data_opt;
    listener_->session_negotiated(media, result.params);
  }
  return true;
}

void Session::link_refused(Link *link, const DataResponse &response) {
  const SessionError error =
      status_error(media_names(link->media), response.status, response.reason);
  const auto media = media_of_status(response.status);
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
    link->retry_timer.start(kSettle_ms, [this, link] { open_link(link); });
    return;
  }
  links_.erase(std::find_if(links_.begin(), links_.end(),
                            [&](auto &candidate) { return candidate.get() == link; }));
  check_all_answered();
}

void Session::link_lost(Link *link, const SessionError &why) {
  const bool first = !link->answered && !link->lost;
  link->connection.reset();
  link->established = false;
  if (!link->lost && !first) {
    link->lost = true;
    listener_->session_media_lost(link->media);
  }
  std::optional<unsigned> delay_ms;
  if (!is_final(why, first))
    delay_ms = next_delay(&link->retry);
  if (!delay_ms) {
    fail(why);
    return;
  }
  listener_->session_connection(ConnectionState::Reconnecting, link->media, link->retry.attempts());
  link->retry_timer.start(*delay_ms, [this, link] { open_link(link); });
}

// The service says that it has lost a media connection, but not which. What is repaired already, or
// being repaired, is not concerned; told twice, it is done once.
void Session::media_interrupted() {
  const int64_t recent_us = g_get_monotonic_time() - config_.media_retry.window_ms * int64_t{1000};
  std::vector<Link *> suspects;
  for (auto &link : links_)
    if (link->established)
      suspects.push_back(link.get());
  if (links_.size() == 1 && suspects.size() == 1 && suspects[0]->repaired_us < recent_us) {
    close_link(suspects[0]);
    return;
  }
  for (Link *link : suspects)
    link->connection->check_alive(kPingTimeout_ms);
}

void Session::signaling_interrupted() {
  if (over_ || ending_)
    return;
  if (signaling_retry_timer_.running()) {
    signaling_retry_timer_.stop();
    start_over();
  } else if (signaling_ && signaling_established_) {
    signaling_->check_alive(kPingTimeout_ms);
  }
}

void Session::stream_stopped() {
  if (!over_)
    begin_end();
}

// It may live on this side: it is closed, and gone, before another one is opened.
void Session::close_link(Link *link) {
  link->established = false;
  link->closing = true;
  link->retry_timer.start(kCloseTimeout_ms, [this, link] { reopen_link(link); });
  link->connection->close();
}

void Session::reopen_link(Link *link) {
  link->closing = false;
  link->retry_timer.stop();
  link_lost(link, plain_error(SessionError::Kind::Interrupted,
                              "The service reports that the media connection is lost."));
}

void Session::check_all_answered() {
  if (over_)
    return;
  if (links_.empty()) {
    fail(plain_error(
        SessionError::Kind::NoMedia,
        "The service offers none of the media that media-types asks for. " + last_refusal_));
    return;
  }
  for (auto &link : links_)
    if (!link->answered)
      return;
  if (all_answered_)
    return;
  all_answered_ = true;
  listener_->session_all_negotiated();
}

}  // namespace rtms

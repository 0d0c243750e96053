// SPDX-License-Identifier: LGPL-2.1-or-later
#include "links.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace rtms {

using State = Link::State;

const std::string &url_of(Media media, const SessionConfig &config,
                          const SignalingResponse &response) {
  const auto own = [&](Media m) -> const std::string & {
    return response.media_url[static_cast<unsigned>(m)];
  };
  if (!own(media).empty())
    return own(media);
  // A Contact Center's server offers the audio connection only, which carries the transcript, too.
  const bool center = config.who.product == Product::ContactCenter;
  if (center && media == Media::Transcript && response.all_url.empty())
    return own(Media::Audio);
  return response.all_url;
}

MediaMask offered(const SessionConfig &config, const SignalingResponse &response) {
  MediaMask media = 0;
  for (Media m : kAllMedia)
    if (!url_of(m, config, response).empty())
      media |= media_bit(m);
  return media & config.media;
}

bool names_no_server(const SignalingResponse &response) {
  return response.all_url.empty() &&
         std::all_of(std::begin(response.media_url), std::end(response.media_url),
                     [](const std::string &url) { return url.empty(); });
}

void Links::plan(const SignalingResponse &response) {
  const SessionConfig &config = context_->config;
  links_.clear();
  plans_++;
  if (stream_id_ != config.who.stream_id)
    urls_.clear();
  stream_id_ = config.who.stream_id;
  bool unified = config.unified;
  if (unified && response.all_url.empty()) {
    context_->listener->session_warning(plain_error(
        SessionError::Kind::Protocol,
        "The service offers no connection for all media: the element opens one for each "
        "kind. Set connection-mode=split to avoid this warning."));
    unified = false;
  }
  // A server that has just taken over may know some of its media servers later: a kind that it does
  // not offer yet is tried where it was.
  MediaMask planned = 0;
  for (Media media : kAllMedia) {
    const std::string &url = unified ? response.all_url : url_of(media, config, response);
    if (!url.empty())
      urls_[media] = url;
    if (config.media & media_bit(media) && urls_.count(media))
      planned |= media_bit(media);
  }
  context_->listener->session_planned(planned);
  if (unified)
    add(config.media, response.all_url);
  for (Media media : kAllMedia) {
    if (unified || !(config.media & media_bit(media)))
      continue;
    add(media_bit(media), urls_[media]);
  }
  for (auto &link : links_)
    link->open();
  check_all_answered();
}

void Links::add(MediaMask media, const std::string &url) {
  if (!url.empty()) {
    links_.push_back(std::make_unique<Link>(media, url, plans_ > 1, context_, this));
    return;
  }
  listener_->media_ended(
      media,
      plain_error(
          SessionError::Kind::NoMedia,
          "The service does not offer " + media_names(media) +
              " for this stream. Check the scopes of the app, or remove it from media-types."));
}

// ---- handshakes ----------------------------------------------------------------------

void Links::link_established(Link *link) {
  if (released_)
    set_ready(link);
  check_all_answered();
}

void Links::set_ready(Link *link) {
  link->set_ready();
  listener_->link_ready(link->media());
}

void Links::release() {
  if (released_)
    return;
  released_ = true;
  std::vector<Link *> waiting;
  for (auto &link : links_)
    if (link->state() == State::Established)
      waiting.push_back(link.get());
  // In the order of their successful handshakes.
  std::sort(waiting.begin(), waiting.end(),
            [](const Link *a, const Link *b) { return a->order() < b->order(); });
  for (Link *link : waiting)
    set_ready(link);
}

void Links::check_all_answered() {
  for (auto &link : links_)
    if (link->state() != State::Ended && link->order() == 0)
      return;
  if (all_answered_ || media() == 0)
    return;
  all_answered_ = true;
  context_->listener->session_all_negotiated();
}

void Links::link_ended(Link *, MediaMask media, const SessionError &why) {
  listener_->media_ended(media, why);
  check_all_answered();
}

void Links::reported_lost() {
  const auto living = std::count_if(links_.begin(), links_.end(),
                                    [](const auto &link) { return link->state() != State::Ended; });
  for (auto &link : links_)
    link->reported_lost(living == 1);
}

// ---- the end -------------------------------------------------------------------------

void Links::leave(Leaving *leaving) {
  for (auto &link : links_)
    link->leave(leaving);
}

void Links::retire() {
  for (auto &link : links_)
    link->retire();
}

void Links::close() {
  for (auto &link : links_)
    link->close();
}

void Links::each(void (Connection::*function)()) {
  for (auto &link : links_)
    if (Connection *connection = link->connection())
      (connection->*function)();
}

bool Links::owe_answers() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto &link) {
    const Connection *connection = link->connection();
    return connection && connection->owes_answer();
  });
}

void Links::drop() {
  for (auto &link : links_)
    link->drop();
}

// ---- state ---------------------------------------------------------------------------

bool Links::connected() const {
  return std::any_of(links_.begin(), links_.end(),
                     [](const auto &link) { return link->has_connection(); });
}

bool Links::shutting_down() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto &link) {
    const Connection *connection = link->connection();
    return connection && connection->is_shutting_down();
  });
}

bool Links::is_ready(Media media) const {
  return std::any_of(links_.begin(), links_.end(), [media](const auto &link) {
    return link->state() == State::Ready && (link->media() & media_bit(media));
  });
}

MediaMask Links::media() const {
  MediaMask all = 0;
  for (auto &link : links_)
    if (link->state() != State::Ended)
      all |= link->media();
  return all;
}

const char *Links::violation() const {
  MediaMask seen = 0;
  for (auto &link : links_) {
    if (const char *violation = link->violation())
      return violation;
    if (link->state() != State::Ended && (link->media() & seen))
      return "each kind of media has one link";
    if (link->state() != State::Ended)
      seen |= link->media();
    if (link->state() == State::Established && released_)
      return "whoever is established becomes ready at once, when media may come";
  }
  return nullptr;
}

}  // namespace rtms

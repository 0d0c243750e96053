// SPDX-License-Identifier: LGPL-2.1-or-later
// From one set of connections to the next: the old ones are closed, and gone, before the first new
// one is opened; what they still bring is handed on.
#include "session.h"

namespace rtms {

void Session::rejoin(std::string signaling_url, std::string signature) {
  if (over_ || ending_)
    return;
  config_.signaling_url = std::move(signaling_url);
  if (!signature.empty())
    config_.who.signature = std::move(signature);
  signaling_retry_timer_.stop();
  signaling_retry_.reset();
  leave();
}

void Session::leave() {
  for (auto &link : links_)
    if (link->connection)
      leaving_.push_back({std::move(link->connection), link->established ? link->media : 0});
  links_.clear();
  if (signaling_)
    leaving_.push_back({std::move(signaling_), 0});
  signaling_established_ = false;
  leave_timer_.start(kCloseTimeout_ms, [this] {
    forget_leaving();
    start_over();
  });
  // close() may end a connection at once.
  std::vector<Connection *> closing;
  for (Leaving &leaving : leaving_)
    closing.push_back(leaving.connection.get());
  for (Connection *connection : closing)
    connection->close();
  start_over();
}

void Session::left(const Connection *connection) {
  for (auto leaving = leaving_.begin(); leaving != leaving_.end(); ++leaving) {
    if (leaving->connection.get() != connection)
      continue;
    if (leaving->media)
      listener_->session_media_lost(leaving->media);
    leaving_.erase(leaving);
    break;
  }
  start_over();
}

void Session::forget_leaving() {
  while (!leaving_.empty()) {
    const MediaMask media = leaving_.back().media;
    leaving_.pop_back();
    if (media)
      listener_->session_media_lost(media);
  }
}

// When nothing is left of the old connections, and it is time.
void Session::start_over() {
  if (over_ || ending_ || signaling_ || !leaving_.empty() || signaling_retry_timer_.running())
    return;
  leave_timer_.stop();
  open_signaling();
}

}  // namespace rtms

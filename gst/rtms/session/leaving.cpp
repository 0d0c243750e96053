// SPDX-License-Identifier: LGPL-2.1-or-later
#include "leaving.h"

#include <algorithm>

namespace rtms {
namespace {

// How long media are taken from a connection that is being closed. Where this thread is late, a
// pause of kPause_ms shows that none are left.
constexpr int64_t kMostRest_us = 3 * G_USEC_PER_SEC;
constexpr unsigned kPause_ms = 100;

}  // namespace

void Leaving::add(std::unique_ptr<Connection> connection, MediaMask media) {
  connection->hand_over(this);
  leaving_.push_back({std::move(connection), media});
}

void Leaving::close(bool replaced) {
  replaced_ = replaced;
  const int64_t until_us = g_get_monotonic_time() + kMostRest_us;
  if (is_behind())
    take_rest(until_us);
  else
    close_all(until_us);
}

bool Leaving::is_behind() const {
  return std::any_of(leaving_.begin(), leaving_.end(),
                     [](const One &one) { return one.connection->is_behind(); });
}

void Leaving::take_rest(int64_t until_us) {
  media_came_ = false;
  timer_.start(kPause_ms, [this, until_us] {
    if ((media_came_ || is_behind()) && g_get_monotonic_time() < until_us)
      take_rest(until_us);
    else
      close_all(until_us);
  });
  read_rest();
}

void Leaving::close_all(int64_t until_us) {
  if (leaving_.empty())
    return;
  wait(until_us);
  // close() may end a connection at once, and remove it from leaving_.
  std::vector<Connection *> closing;
  for (const One &one : leaving_)
    if (!one.connection->is_shut_down())
      closing.push_back(one.connection.get());
  for (Connection *connection : closing)
    connection->close();
}

// The answer comes behind the media that are on their way.
void Leaving::wait(int64_t until_us) {
  media_came_ = false;
  timer_.start(kTimeout_ms, [this, until_us] {
    if (media_came_ && g_get_monotonic_time() < until_us) {
      wait(until_us);
      return;
    }
    context_->debug(std::to_string(leaving_.size()) + " previous connections not closed within " +
                    std::to_string(kTimeout_ms) + " ms of their last media");
    forget();
    listener_->connection_gone();
  });
}

void Leaving::read_rest() {
  // Each may end in there.
  std::vector<Connection *> all;
  for (const One &one : leaving_)
    all.push_back(one.connection.get());
  for (Connection *connection : all)
    connection->read_rest();
}

void Leaving::shut_down() {
  for (const One &one : leaving_)
    one.connection->shut_down();
}

void Leaving::forget() {
  timer_.stop();
  while (!leaving_.empty()) {
    const MediaMask media = leaving_.back().media;
    leaving_.pop_back();
    if (media)
      context_->listener->session_media_lost(media);
  }
}

// The end of the stream counts on any connection; other messages of a closing one are ignored.
bool Leaving::tells_the_end(const Message &message) const {
  if (auto update = std::get_if<StreamStateUpdate>(&message))
    return update->state == static_cast<int64_t>(StreamState::Terminated) &&
           !(replaced_ && is_restartable(update->reason));
  return std::get_if<StreamCloseResponse>(&message) != nullptr;
}

MediaMask Leaving::media_of(const Connection *connection) const {
  for (const One &one : leaving_)
    if (one.connection.get() == connection)
      return one.media;
  return 0;
}

void Leaving::connection_message(Connection *connection, const Message &message) {
  if (auto media = std::get_if<MediaData>(&message)) {
    media_came_ = true;
    if (media_of(connection) & media_bit(media->media))
      context_->stream->received(*media);
    else
      context_->listener->session_ignored("media that were not requested");
  } else if (tells_the_end(message)) {
    context_->stream->received(*connection, message);
  }
}

void Leaving::connection_lost(Connection *connection, const SessionError &) {
  connection_closed(connection);
}

void Leaving::connection_closed(Connection *connection) {
  const MediaMask media = media_of(connection);
  leaving_.erase(std::find_if(leaving_.begin(), leaving_.end(), [connection](const One &one) {
    return one.connection.get() == connection;
  }));
  if (leaving_.empty())
    timer_.stop();
  if (media)
    context_->listener->session_media_lost(media);
  listener_->connection_gone();
}

}  // namespace rtms

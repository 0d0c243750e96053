// SPDX-License-Identifier: LGPL-2.1-or-later
#include "leaving.h"

#include <algorithm>

namespace rtms {
namespace {

// The end of the stream counts on any connection; other messages of a closing one are ignored.
bool tells_the_end(const Message &message) {
  if (auto update = std::get_if<StreamStateUpdate>(&message))
    return update->state == static_cast<int64_t>(StreamState::Terminated);
  return std::get_if<StreamCloseResponse>(&message) != nullptr;
}

}  // namespace

void Leaving::add(std::unique_ptr<Connection> connection, MediaMask media) {
  connection->hand_over(this);
  leaving_.push_back({std::move(connection), media});
}

void Leaving::close() {
  if (leaving_.empty())
    return;
  timer_.start(kTimeout_ms, [this] {
    context_->debug(std::to_string(leaving_.size()) + " previous connections not closed within " +
                    std::to_string(kTimeout_ms) + " ms");
    forget();
    listener_->connection_gone();
  });
  // close() may end a connection at once, and remove it from leaving_.
  std::vector<Connection *> closing;
  for (const One &one : leaving_)
    closing.push_back(one.connection.get());
  for (Connection *connection : closing)
    connection->close();
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

MediaMask Leaving::media_of(const Connection *connection) const {
  for (const One &one : leaving_)
    if (one.connection.get() == connection)
      return one.media;
  return 0;
}

void Leaving::connection_message(Connection *connection, const Message &message) {
  if (auto media = std::get_if<MediaData>(&message)) {
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

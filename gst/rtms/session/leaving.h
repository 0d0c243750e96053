// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections being closed in order; media that still arrive on them are accepted.
#pragma once

#include "base/timer.h"
#include "connection.h"

#include <memory>
#include <vector>

namespace rtms {

class LeavingListener {
 public:
  virtual ~LeavingListener() = default;
  // One connection has ended; empty() tells whether it was the last.
  virtual void connection_gone() = 0;
};

class Leaving final : private ConnectionListener {
 public:
  // How long the service may take to answer a closing handshake, after its last media.
  static constexpr unsigned kTimeout_ms = 400;

  Leaving(SessionContext *context, LeavingListener *listener)
      : context_(context), listener_(listener) {}

  // `media`: the kinds that may still arrive on the connection.
  void add(std::unique_ptr<Connection> connection, MediaMask media);
  // Closes all connections that were added. A peer that has closed its end answers a closing
  // handshake with a reset, which destroys what is on its way: where this thread is behind, that is
  // taken before. `replaced`: the service announced another server, so that a fault of this one,
  // which the connections report, is not the end of the stream.
  void close(bool replaced);
  // Takes what has arrived already.
  void read_rest();
  // See Connection.
  void shut_down();
  // Drops all connections at once, without calling the listener.
  void forget();
  bool empty() const { return leaving_.empty(); }

 private:
  struct One {
    std::unique_ptr<Connection> connection;
    MediaMask media;
  };

  void connection_message(Connection *connection, const Message &message) override;
  void connection_lost(Connection *connection, const SessionError &why) override;
  void connection_closed(Connection *connection) override;

  MediaMask media_of(const Connection *connection) const;
  bool is_behind() const;
  void take_rest(int64_t until_us);
  void close_all(int64_t until_us);
  void wait(int64_t until_us);
  bool tells_the_end(const Message &message) const;

  SessionContext *context_;
  LeavingListener *listener_;
  std::vector<One> leaving_;
  bool media_came_ = false;  // since the timer was started
  bool replaced_ = false;
  Timer timer_;
};

}  // namespace rtms

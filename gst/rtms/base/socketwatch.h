// SPDX-License-Identifier: LGPL-2.1-or-later
// Waits on a thread's default main context until sockets are readable or writable. The cost grows
// with the ready sockets, not with the watched ones.
#pragma once

#include "glibptr.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace rtms {

// How far the sockets of a main context have been served. What arrived later may be unread, because
// the context's thread is late, or waits in a function.
class SocketsServed {
 public:
  // Of this thread's default main context. The result must be released on this thread.
  static std::shared_ptr<const SocketsServed> here();
  virtual ~SocketsServed() = default;
  // Any thread: returns the monotonic time, in µs, up to which all that arrived was handed to the
  // watches' functions, as far as these read it. It never goes back. Without epoll it is the
  // current time.
  virtual int64_t until_us() const = 0;
};

// Two implementations: epoll behind one GSource for all sockets of a context, and GLib's, with
// one GSource per socket.
class SocketWatch {
 public:
  // `ready` holds the wanted conditions, of G_IO_IN and G_IO_OUT, that are true. An error or the
  // end of the connection sets all wanted conditions.
  using Fn = std::function<void(GIOCondition ready)>;
  SocketWatch();
  ~SocketWatch();
  SocketWatch(const SocketWatch &) = delete;
  SocketWatch &operator=(const SocketWatch &) = delete;

  // Calls `fn` on this thread's default main context once per iteration while the socket is ready.
  // `fn` may destroy the watch. The socket must stay open until stop().
  // Returns false if the system cannot watch the socket; errno says why.
  bool start(GSocket *socket, GIOCondition wanted, Fn fn);
  // The sockets of a context are served together, `ms` after the last round; the watch with the
  // shortest time decides for all of them. After a pause of two rounds, the next socket that
  // becomes ready is served at once. 0, the default, always serves at once.
  void set_round(unsigned ms);
  // Calls `fn` with G_IO_IN in the next iteration even if the socket is not readable: for data that
  // was already read from the socket and is buffered elsewhere.
  void again();
  void stop();
  bool running() const { return entry_ != nullptr; }

 private:
  class Entry;
  std::unique_ptr<Entry> entry_;
};

}  // namespace rtms

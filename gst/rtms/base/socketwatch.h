// SPDX-License-Identifier: LGPL-2.1-or-later
// Waits on a thread's default main context until sockets can be read or written. What is ready
// costs, not what is watched.
#pragma once

#include "glibptr.h"

#include <functional>

namespace rtms {

// There is one file for each way to wait: epoll behind one GSource for all sockets, and GLib's, a
// GSource for each socket.
class SocketWatch {
 public:
  // Which of the conditions that are wanted, G_IO_IN and G_IO_OUT, hold; an error or the end of the
  // connection counts as all of them.
  using Fn = std::function<void(GIOCondition ready)>;
  // Rounds: while sockets are ready more often than that, the context's are served every 5 ms,
  // until none is ready any more, if no socket of the context is watched as Prompt.
  enum class Pace { Prompt, Rounds };

  SocketWatch();
  ~SocketWatch();
  SocketWatch(const SocketWatch &) = delete;
  SocketWatch &operator=(const SocketWatch &) = delete;

  // Calls `fn` on this thread's default main context for as long as the socket is ready, once in
  // each turn of the loop. `fn` may destroy the watch. The socket must stay open until stop().
  // False: the system has no room for it; errno says why.
  bool start(GSocket *socket, GIOCondition wanted, Fn fn, Pace pace = Pace::Prompt);
  // Calls `fn` with G_IO_IN in the next turn, even if the socket has nothing to read: what was
  // read from it waits elsewhere.
  void again();
  void stop();
  bool running() const { return entry_ != nullptr; }

 private:
  class Entry;
  std::unique_ptr<Entry> entry_;
};

}  // namespace rtms

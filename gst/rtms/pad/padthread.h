// SPDX-License-Identifier: LGPL-2.1-or-later
// One thread for all pads of an element, instead of a task for each.
#pragma once

#include <gst/gst.h>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace rtms {

// Serves its pads in turn, and sleeps between the rounds without being woken. A push that blocks
// blocks the other pads.
class PadThread {
 public:
  enum class After { Pause, More, End };  // all pushed, some left, pad ended
  // Pushes the queue's items, with the pad's stream lock held.
  using Turn = std::function<After()>;

  // `name` is the thread's; it starts with its first pad.
  PadThread(std::string name, std::chrono::milliseconds pause);
  ~PadThread();
  PadThread(const PadThread &) = delete;
  PadThread &operator=(const PadThread &) = delete;

  // Any thread. Returns false if no thread could be created.
  bool add(GstPad *pad, Turn turn);
  // When this returns, the pad's turn is over, and no other follows. Does not wait if called within
  // a turn.
  void remove(GstPad *pad);

 private:
  struct State;
  static gpointer run(gpointer data);

  const std::string name_;
  // The thread itself may destroy the last pad, and this object with it.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms

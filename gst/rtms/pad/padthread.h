// SPDX-License-Identifier: LGPL-2.1-or-later
// One thread for all pads of an element, in place of a task for each.
#pragma once

#include <gst/gst.h>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace rtms {

// Looks after its pads in turn, and sleeps between the turns: nobody wakes it. A push that blocks
// blocks the other pads.
class PadThread {
 public:
  enum class After { Pause, More, End };  // all is pushed, some is left, the pad has ended
  // Pushes what waits, with the pad's stream lock.
  using Turn = std::function<After()>;

  // The thread starts with its first pad, and is called `name`.
  PadThread(std::string name, std::chrono::milliseconds pause);
  ~PadThread();
  PadThread(const PadThread &) = delete;
  PadThread &operator=(const PadThread &) = delete;

  // Any thread. False: no thread could be created.
  bool add(GstPad *pad, Turn turn);
  // When this returns, the turn of the pad is over, and there is no further one. Within a turn it
  // does not wait.
  void remove(GstPad *pad);

 private:
  struct State;
  static gpointer run(gpointer data);

  const std::string name_;
  // The last pad, and with it this, may be destroyed on the thread itself.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms

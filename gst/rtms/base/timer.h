// SPDX-License-Identifier: LGPL-2.1-or-later
// A one-shot timer on the thread's default main context. All timers of a context share one source.
#pragma once

#include "glibptr.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace rtms {

class TimerQueue;

class Timer {
 public:
  Timer();
  ~Timer();
  Timer(const Timer &) = delete;
  Timer &operator=(const Timer &) = delete;

  // Calls fn once after the delay. Restarts a running timer. fn may destroy the timer.
  void start(unsigned delay_ms, std::function<void()> fn);
  bool running() const { return queue_ != nullptr; }
  void stop();

  // Returns when the next timer of this thread's default main context is due, in µs of GLib's
  // monotonic clock; nothing if no timer runs.
  static std::optional<int64_t> next_us();

 private:
  friend class TimerQueue;
  void fire();

  std::shared_ptr<TimerQueue> queue_;  // set while the timer runs
  int64_t due_us_ = 0;
  uint64_t number_ = 0;
  std::function<void()> fn_;
};

// Calls a function again and again, until it is stopped.
class RepeatedTimer {
 public:
  // fn may stop the timer, but not destroy it.
  void start(unsigned interval_ms, std::function<void()> fn) {
    timer_.start(interval_ms, [this, interval_ms, fn] {
      start(interval_ms, fn);
      fn();
    });
  }
  void stop() { timer_.stop(); }

 private:
  Timer timer_;
};

}  // namespace rtms

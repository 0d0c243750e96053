// SPDX-License-Identifier: LGPL-2.1-or-later
// A repeating timer on a grid of 10 ms: the thread wakes once for several timers.
#pragma once

#include "base/timer.h"

#include <functional>
#include <utility>

namespace rtms::recorder {

class GridTimer {
 public:
  void start(unsigned interval_ms, std::function<void()> fn) {
    interval_ms_ = interval_ms;
    fn_ = std::move(fn);
    next();
  }
  void stop() { timer_.stop(); }

 private:
  void next() {
    constexpr int kGrid_ms = 10;
    const auto late_ms = static_cast<unsigned>(g_get_monotonic_time() / 1000 % kGrid_ms);
    // A callback may stop the timer.
    timer_.start(interval_ms_ - late_ms, [this] {
      next();
      fn_();
    });
  }

  Timer timer_;
  unsigned interval_ms_ = 0;
  std::function<void()> fn_;
};

}  // namespace rtms::recorder

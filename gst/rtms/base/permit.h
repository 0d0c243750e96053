// SPDX-License-Identifier: LGPL-2.1-or-later
// A deadline for an activity, which the application may change on any thread.
#pragma once

#include "sleepclock.h"

#include <atomic>

namespace rtms {

class Permit {
 public:
  // In µs of the sleep clock; 0: no deadline.
  void set(int64_t until_us) { until_us_ = until_us; }
  int64_t until_us() const { return until_us_; }
  bool is_over() const {
    const int64_t until_us = until_us_;
    return until_us && sleep_clock_us() >= until_us;
  }

 private:
  std::atomic<int64_t> until_us_{0};
};

}  // namespace rtms

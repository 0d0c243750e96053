// SPDX-License-Identifier: LGPL-2.1-or-later
// A number that one thread counts, and another waits for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "fixture.h"

namespace rtmscheck {

class Counter {
 public:
  void add() {
    std::lock_guard<std::mutex> lock(mutex_);
    count_++;
    changed_.notify_all();
  }
  unsigned get() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return count_;
  }
  // Returns false after the deadline.
  bool wait(unsigned wanted) const {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kDeadlineMs),
                             [&] { return count_ >= wanted; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  unsigned count_ = 0;
};

}  // namespace rtmscheck

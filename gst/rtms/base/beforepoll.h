// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls a function when the thread's main context is about to wait: what was collected while
// sources were dispatched goes out at once, and once.
#pragma once

#include "glibptr.h"

#include <functional>

namespace rtms {

class BeforePollQueue;

class BeforePoll {
 public:
  explicit BeforePoll(std::function<void()> fn);
  ~BeforePoll();
  BeforePoll(const BeforePoll &) = delete;
  BeforePoll &operator=(const BeforePoll &) = delete;

  // Calls the function once, before this thread's default main context waits for the next time.
  void ask();

 private:
  friend class BeforePollQueue;

  const std::function<void()> fn_;
  const std::shared_ptr<BeforePollQueue> queue_;
  bool asked_ = false;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls a function before the thread's main context polls: work that the dispatched sources
// collected is done once, without delay.
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

  // Requests one call, before this thread's default main context polls next.
  void ask();

 private:
  friend class BeforePollQueue;

  const std::function<void()> fn_;
  const std::shared_ptr<BeforePollQueue> queue_;
  bool asked_ = false;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "awake.h"

#include <glib.h>

#include <algorithm>

namespace rtmscheck {

namespace {

constexpr int64_t kTickMs = 10;

}  // namespace

Awake::Awake() : thread_([this] { tick(); }) {}

Awake::~Awake() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

int64_t Awake::ms() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(ticks_us_.size()) * kTickMs;
}

int64_t Awake::ms_between(int64_t from_us, int64_t to_us) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return kTickMs * (std::upper_bound(ticks_us_.begin(), ticks_us_.end(), to_us) -
                    std::upper_bound(ticks_us_.begin(), ticks_us_.end(), from_us));
}

int64_t Awake::longest_stall_ms() const {
  std::lock_guard<std::mutex> lock(mutex_);
  int64_t longest_us = 0;
  for (std::size_t i = 1; i < ticks_us_.size(); i++)
    longest_us = std::max(longest_us, ticks_us_[i] - ticks_us_[i - 1]);
  return longest_us / 1000;
}

void Awake::tick() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::milliseconds(kTickMs), [this] { return over_; }))
    ticks_us_.push_back(g_get_monotonic_time());
}

}  // namespace rtmscheck

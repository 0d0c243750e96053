// SPDX-License-Identifier: LGPL-2.1-or-later
// Time for bounds: a machine that stands still for a while has not kept anybody waiting.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace rtmscheck {

// Ticks every 10 ms from its making on; a stall, however long, is one tick.
class Awake {
 public:
  Awake();
  ~Awake();
  Awake(const Awake &) = delete;
  Awake &operator=(const Awake &) = delete;

  int64_t ms() const;  // since it was made
  // Between two times of the monotonic clock.
  int64_t ms_between(int64_t from_us, int64_t to_us) const;
  int64_t longest_stall_ms() const;

 private:
  void tick();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::vector<int64_t> ticks_us_;
  std::thread thread_;
};

}  // namespace rtmscheck

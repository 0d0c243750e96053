// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the clock of a track has stepped back by less than a second, as NTP does, or another
// server that goes on. Pure: all times are arguments.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>

namespace rtms {

// A single message may be out of order, and timestamps have jitter. After a step, all messages have
// their delay from before plus the step.
class StepBack {
 public:
  // A message has a timestamp `step_ns` after the last one's, where `usual_ns` is usual.
  // `least_ns`: the least delay of the last second.
  void note(int64_t step_ns, int64_t usual_ns, int64_t least_ns) {
    const int64_t by_ns = usual_ns - step_ns;
    if (step_ns >= 0 || usual_ns <= 0 || by_ns < kLeast_ns || by_ns > kMost_ns)
      return;
    if (!by_ns_)
      before_ns_ = least_ns;
    by_ns_ += by_ns;
    seconds_ = 0;
  }
  // Is called for each complete second, with its least delay. Returns the step when two seconds
  // confirm it.
  std::optional<int64_t> check(int64_t least_ns) {
    // The first one contains messages from before.
    if (!by_ns_ || ++seconds_ == 1)
      return std::nullopt;
    const int64_t by_ns = by_ns_;
    const bool same = std::abs(least_ns - before_ns_ - by_ns) <= kSame_ns;
    if (!same || seconds_ == kSeconds)
      by_ns_ = 0;
    return same && seconds_ == kSeconds ? std::optional(by_ns) : std::nullopt;
  }

 private:
  static constexpr int64_t kNsPerMs = 1000 * 1000;
  // More than the jitter of timestamps; more is another clock at once.
  static constexpr int64_t kLeast_ns = 45 * kNsPerMs, kMost_ns = 1100 * kNsPerMs;
  static constexpr int64_t kSame_ns = 30 * kNsPerMs;
  static constexpr unsigned kSeconds = 3;

  int64_t by_ns_ = 0;      // 0: no step
  int64_t before_ns_ = 0;  // the least delay before it
  unsigned seconds_ = 0;   // complete since then
};

}  // namespace rtms

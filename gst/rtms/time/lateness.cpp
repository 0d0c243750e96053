// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lateness.h"

#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kNsPerMs = 1000 * 1000;
constexpr int64_t kOff_ns = 1000 * kNsPerMs;
// A pause is the sender's if all its time is still missing, but for the jitter of two messages.
// After a pause of the network, the messages held up arrive faster.
constexpr int64_t kMissing_ns = 400 * kNsPerMs;
constexpr unsigned kPauseSeconds = 4;
// A congested network may be constantly late for a while.
constexpr unsigned kLongSeconds = 60;
}  // namespace

void Lateness::replay(int64_t away_ns, int64_t until_ns) {
  replay_ns_ += away_ns;
  replay_until_ns_ = until_ns;
}

void Lateness::check(int64_t expected_ns) {
  if (std::abs(delay_.last_ns() - expected_ns) <= kPause_ns)
    held_up_ns_ = replay_ns_ = 0;
}

std::optional<int64_t> Lateness::constant_ns(int64_t expected_ns, unsigned seconds) const {
  if (delay_.steady() < seconds)
    return std::nullopt;
  return delay_.steady_ns() - expected_ns;
}

std::optional<int64_t> Lateness::for_good_ns(int64_t expected_ns, int64_t running_ns) const {
  const auto late_ns = constant_ns(expected_ns, kPauseSeconds);
  if (!late_ns || *late_ns <= kOff_ns)
    return std::nullopt;
  if (running_ns < replay_until_ns_ && *late_ns <= replay_ns_ + kOff_ns)
    return std::nullopt;
  if (std::abs(held_up_ns_ - *late_ns) > kMissing_ns && delay_.steady() < kLongSeconds)
    return std::nullopt;
  return late_ns;
}

}  // namespace rtms

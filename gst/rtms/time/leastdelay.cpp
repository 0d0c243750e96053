// SPDX-License-Identifier: LGPL-2.1-or-later
#include "leastdelay.h"

#include <algorithm>
#include <numeric>

namespace rtms {
namespace {
constexpr int64_t kNsPerMs = 1000 * 1000;
// More than the jitter of a track with one message in a second.
constexpr int64_t kBand_ns = 250 * kNsPerMs;
// A delay that falls faster, per second, is a backlog being sent.
constexpr int64_t kFall_ns = 30 * kNsPerMs;
}  // namespace

void LeastDelay::close(int64_t least_ns) {
  const bool within =
      seconds_ > 0 && std::max(high_ns_, least_ns) - std::min(low_ns_, least_ns) <= kBand_ns;
  if (!within) {
    seconds_ = 0;
    low_ns_ = high_ns_ = least_ns;
  }
  seconds_++;
  low_ns_ = std::min(low_ns_, least_ns);
  high_ns_ = std::max(high_ns_, least_ns);
  std::copy_backward(last_.begin(), last_.end() - 1, last_.end());
  last_[0] = least_ns;
}

int64_t LeastDelay::count() const {
  return static_cast<int64_t>(std::min<std::size_t>(seconds_, last_.size()));
}

int64_t LeastDelay::steady_ns() const {
  return std::accumulate(last_.begin(), last_.begin() + count(), int64_t(0)) /
         std::max<int64_t>(count(), 1);
}

// Fits a line by least squares; its slope decides.
bool LeastDelay::falling() const {
  const int64_t n = count();
  int64_t sum_ns = 0;
  for (int64_t i = 0; i < n; i++)
    sum_ns += (2 * i - n + 1) * last_[static_cast<std::size_t>(i)];
  return sum_ns > kFall_ns * n * (n * n - 1) / 6;
}

unsigned LeastDelay::steady() const {
  return falling() ? 0 : seconds_;
}

void LeastDelay::moved(int64_t ns) {
  for (int64_t *delay_ns : {&least_ns_, &low_ns_, &high_ns_})
    *delay_ns -= ns;
  for (int64_t &delay_ns : last_)
    delay_ns -= ns;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skew.h"

#include <algorithm>

namespace rtms {
namespace {
constexpr int64_t kNsPerS = 1000 * 1000 * 1000;
// Long enough that some message comes through without delay.
constexpr int64_t kWindow_ns = 5 * kNsPerS;
// Further off than this is no clock, but a stall or a server that sends faster than real time.
constexpr int64_t kMaxStep_ns = kNsPerS;
// Clocks are off by less than 500 ppm.
constexpr int64_t kMaxPpm = 500;
}  // namespace

void Skew::observe(int64_t position_ns, int64_t running_ns) {
  const int64_t delta_ns = running_ns - position_ns;
  if (!window_start_ns_) {
    window_start_ns_ = running_ns;
    window_min_ns_ = delta_ns;
    return;
  }
  window_min_ns_ = std::min(window_min_ns_, delta_ns);
  if (running_ns - *window_start_ns_ >= kWindow_ns)
    close_window(running_ns);
}

void Skew::close_window(int64_t running_ns) {
  if (!baseline_ns_)
    baseline_ns_ = window_min_ns_;
  const int64_t error_ns = window_min_ns_ - *baseline_ns_ - skew_ns_;
  const int64_t limit_ns = (running_ns - *window_start_ns_) / 1000000 * kMaxPpm;
  if (error_ns > -kMaxStep_ns && error_ns < kMaxStep_ns)
    skew_ns_ += std::clamp(error_ns, -limit_ns, limit_ns);
  window_start_ns_.reset();
}

}  // namespace rtms

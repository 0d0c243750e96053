// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skew.h"

#include <algorithm>
#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kNsPerMs = 1000 * 1000;
constexpr int64_t kNsPerS = 1000 * kNsPerMs;
constexpr unsigned kEnough = 10;
constexpr int64_t kLongestWindow_ns = 60 * kNsPerS;
constexpr int64_t kLately_ns = 30 * kNsPerS;
// The baseline is the mean of that many windows.
constexpr unsigned kBaseline = 12;
// A larger error is no drift, but a stall or a server that sends faster than real time.
constexpr int64_t kMaxStep_ns = kNsPerS;
// Two windows with larger errors that differ by no more than this start a new baseline.
constexpr int64_t kSame_ns = 250 * kNsPerMs;
// Smaller errors are not corrected, nor those below the noise of the least delay.
constexpr int64_t kExact_ns = 3 * kNsPerMs;
constexpr int64_t kSmooth = 8;
// Clocks differ by less than 500 ppm.
constexpr int64_t kMaxPpm = 500;
}  // namespace

void Skew::learn(UsualDelay::Kind kind, int64_t running_ns) {
  Window &window = windows_[kind];
  const int64_t passed_ns = running_ns - *window.start_ns;
  if (window.messages < kEnough && passed_ns < kLongestWindow_ns)
    return;
  window.close(skew_ns_);
  window.start_ns.reset();
  window.closed_ns = running_ns;
  window.messages = 0;
  if (!counts(kind, running_ns))
    return;
  const int64_t limit_ns = passed_ns / 1000000 * kMaxPpm;
  const int64_t by_ns = std::clamp(window.excess_ns(), -limit_ns, limit_ns);
  skew_ns_ += by_ns;
  for (Window &one : windows_)
    one.smooth_ns -= by_ns;
}

// True if no kind with priority, audio first, arrived lately.
bool Skew::counts(UsualDelay::Kind kind, int64_t running_ns) const {
  return std::none_of(windows_.begin(), windows_.begin() + kind, [&](const Window &better) {
    return better.closed_ns && running_ns - *better.closed_ns < kLately_ns;
  });
}

void Skew::Window::close(int64_t skew_ns) {
  const int64_t error_ns = least_ns - baseline_ns - skew_ns;
  if (known && std::abs(error_ns) >= kMaxStep_ns) {
    // Twice the same delay: a backlog is over, and this delay starts a new baseline.
    const bool again = far_ns && std::abs(*far_ns - least_ns) < kSame_ns;
    known = again ? 0 : known;
    far_ns = again ? std::nullopt : std::optional<int64_t>(least_ns);
    return;
  }
  far_ns.reset();
  if (known) {
    smooth_ns += (error_ns - smooth_ns) / kSmooth;
    noise_ns += (std::abs(least_ns - skew_ns - last_ns) - noise_ns) / kSmooth;
  }
  last_ns = least_ns - skew_ns;
  if (known < kBaseline) {
    known++;
    baseline_ns = known == 1 ? least_ns - skew_ns : baseline_ns + error_ns / known;
  }
}

// The part of the error beyond the noise of the network.
int64_t Skew::Window::excess_ns() const {
  const int64_t band_ns = kExact_ns + noise_ns * 5 / 4;
  return far_ns || known < kBaseline ? 0 : smooth_ns - std::clamp(smooth_ns, -band_ns, band_ns);
}

}  // namespace rtms

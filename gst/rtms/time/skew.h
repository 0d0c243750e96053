// SPDX-License-Identifier: LGPL-2.1-or-later
// The drift of the server's clock against the pipeline's. Pure: all times are arguments.
#pragma once

#include "usualdelay.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace rtms {

// Follows the earliest arrivals: a late message was held up, and says nothing about clocks. Bursts,
// stalls and backlogs therefore change nothing.
class Skew {
 public:
  // Media of `position_ns` arrived at running time `running_ns`. While there is audio, only audio
  // counts: the kinds of media differ in their delay.
  void observe(UsualDelay::Kind kind, int64_t position_ns, int64_t running_ns) {
    Window &window = windows_[kind];
    const int64_t delay_ns = running_ns - position_ns;
    if (!window.start_ns)
      window.start_ns = running_ns;
    window.least_ns = window.messages++ ? std::min(window.least_ns, delay_ns) : delay_ns;
    if (running_ns - *window.start_ns >= kWindow_ns)
      learn(kind, running_ns);
  }
  // Returns what to add to a position; 0 until the baseline is known.
  int64_t skew_ns() const { return skew_ns_; }
  void reset() { *this = Skew(); }

 private:
  // Long enough for one message without delay among many.
  static constexpr int64_t kWindow_ns = 5LL * 1000 * 1000 * 1000;

  // The least delay of one kind, per window.
  struct Window {
    void close(int64_t skew_ns);
    int64_t excess_ns() const;

    std::optional<int64_t> start_ns, closed_ns;
    unsigned messages = 0;
    int64_t least_ns = 0;  // running time - position
    unsigned known = 0;    // windows in the baseline
    int64_t baseline_ns = 0;
    int64_t smooth_ns = 0;          // mean error of the windows since the baseline
    int64_t last_ns = 0;            // least delay of the last window, without skew
    int64_t noise_ns = 0;           // mean difference between windows
    std::optional<int64_t> far_ns;  // least delay of the last window if implausible
  };

  void learn(UsualDelay::Kind kind, int64_t running_ns);
  bool counts(UsualDelay::Kind kind, int64_t running_ns) const;

  std::array<Window, UsualDelay::kKinds> windows_;
  int64_t skew_ns_ = 0;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// How the server's clock drifts against the pipeline's. Pure: all times are arguments.
#pragma once

#include <cstdint>
#include <optional>

namespace rtms {

// Follows the earliest arrivals: what comes late was held up on its way, and says nothing about
// clocks. Bursts, stalls and backlogs pass without a trace.
class Skew {
 public:
  // Media of `position_ns` arrived at running time `running_ns`.
  void observe(int64_t position_ns, int64_t running_ns);
  // What to add to a position; 0 until there is something to compare.
  int64_t skew_ns() const { return skew_ns_; }
  void reset() { *this = Skew(); }

 private:
  void close_window(int64_t running_ns);

  std::optional<int64_t> window_start_ns_;
  int64_t window_min_ns_ = 0;           // of running time - position
  std::optional<int64_t> baseline_ns_;  // the same of the first window
  int64_t skew_ns_ = 0;
};

}  // namespace rtms

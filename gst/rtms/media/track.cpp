// SPDX-License-Identifier: LGPL-2.1-or-later
#include "track.h"

#include <algorithm>

namespace rtms {
namespace {
constexpr int64_t kNsPerS = 1000 * 1000 * 1000;
// Further ahead than this, without the time having passed, is a jump of the clock.
constexpr int64_t kMaxAhead_ns = 10 * kNsPerS;
// Less far back than this is a message out of order.
constexpr int64_t kMaxDisorder_ns = kNsPerS;
}  // namespace

bool Track::jumps(int64_t position_ns, int64_t running_ns, int64_t newest_ns) const {
  if (!started_)
    return false;
  const int64_t step_ns = position_ns - last_ns_;
  if (step_ns < -kMaxDisorder_ns)
    return true;
  // A camera that was off for long comes back where the other media are, or where the clock is.
  return step_ns > kMaxAhead_ns && step_ns - (running_ns - last_running_ns_) > kMaxAhead_ns &&
         position_ns - newest_ns > kMaxAhead_ns;
}

Track::Stamp Track::stamp(Timeline *timeline, int64_t unix_ms, int64_t running_ns,
                          int64_t newest_ns) {
  Stamp stamp;
  int64_t position_ns = timeline->position(unix_ms);
  if (jumps(position_ns, running_ns, newest_ns)) {
    const int64_t old_ns = timeline->old_position(unix_ms);
    if (!jumps(old_ns, running_ns, newest_ns)) {
      position_ns = old_ns;
    } else {
      // It goes on where it would be by now.
      position_ns = last_ns_ + std::max<int64_t>(running_ns - last_running_ns_, 0);
      timeline->rebase(unix_ms, position_ns);
      stamp.discont = true;
    }
  }
  started_ = true;
  last_ns_ = position_ns;
  last_running_ns_ = running_ns;
  timeline->observe(position_ns, running_ns);
  stamp.position_ns = not_before(position_ns + timeline->skew_ns());
  return stamp;
}

int64_t Track::not_before(int64_t position_ns) {
  const int64_t start_ns = std::max(floor_ns_, position_ns);
  floor_ns_ = start_ns + step_ns_;
  return start_ns;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "track.h"

#include <algorithm>

namespace rtms {

Track::Track(TrackSet *set, std::optional<TrackClock::Kind> kind, int64_t step_ns)
    : set_(set), step_ns_(step_ns) {
  if (kind)
    clock_.emplace(set, *kind);
}

bool Track::text_anchor_is_late(int64_t unix_ms, int64_t running_ns) const {
  return clock_ &&
         set_->text_anchor_is_late(set_->timeline()->position(anchor_ms(unix_ms)), running_ns);
}

int64_t Track::anchor_ms(int64_t unix_ms) const {
  constexpr int64_t kNsPerMs = 1000 * 1000;
  if (clock_)
    return unix_ms + clock_->offset_ns() / kNsPerMs;
  // After a pause, an old text must not move positions back.
  const Timeline &timeline = *set_->timeline();
  return timeline.anchored() ? std::max(unix_ms, timeline.zero_ms() + set_->newest_ns() / kNsPerMs)
                             : unix_ms;
}

Track::Stamp Track::stamp(int64_t unix_ms, int64_t running_ns) {
  const int64_t skew_ns = set_->timeline()->skew_ns();
  const int64_t position_ns = set_->timeline()->position(unix_ms);
  Stamp stamp =
      clock_ ? clock_->place(position_ns, running_ns) : stamp_text(position_ns, running_ns);
  const int64_t own_ns = stamp.position_ns + skew_ns;
  stamp.position_ns = not_before(own_ns);
  stamp.raised_ns = stamp.position_ns - own_ns;
  return stamp;
}

// A text may be old, but never lies in the future.
Track::Stamp Track::stamp_text(int64_t position_ns, int64_t running_ns) const {
  const int64_t delay_ns = set_->delay_ns(position_ns, running_ns);
  const int64_t lead_ns = set_->lead_ns(nullptr, position_ns, delay_ns);
  Stamp stamp;
  stamp.position_ns = position_ns;
  if (lead_ns <= set_->allowed_lead_ns(running_ns) || !set_->usual().in_real_time())
    return stamp;
  stamp.position_ns -= lead_ns;
  stamp.decision.what = TimeDecision::What::Odd;
  stamp.decision.from_ns = position_ns;
  stamp.decision.to_ns = stamp.position_ns;
  stamp.decision.delay_ns = delay_ns;
  return stamp;
}

void Track::lost() {
  if (clock_)
    clock_->lost();
}

int64_t Track::not_before(int64_t position_ns) {
  const int64_t start_ns = std::max(floor_ns_, position_ns);
  floor_ns_ = start_ns + step_ns_;
  return start_ns;
}

}  // namespace rtms

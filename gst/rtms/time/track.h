// SPDX-License-Identifier: LGPL-2.1-or-later
// The positions of one pad's media: never back, and right even where the timestamps are not. Pure:
// all times are arguments.
#pragma once

#include "trackclock.h"

#include <optional>

namespace rtms {

class Track {
 public:
  // Without a kind it is a track of texts: those come when they like, are placed by the common
  // mapping, and move nothing. `step_ns` is the least distance between two buffers: pictures at the
  // same time are none that a muxer takes.
  Track(TrackSet *set, std::optional<TrackClock::Kind> kind, int64_t step_ns = 0);

  // The position is on the stream's time line, and never negative.
  using Stamp = TrackClock::Placed;

  // True when Timeline::anchor() is due for a message captured at `unix_ms`.
  bool needs_anchor(int64_t unix_ms, int64_t running_ns) const {
    // Nearly always neither.
    return !set_->timeline()->anchored() ||
           (set_->has_text_anchor() && text_anchor_is_late(unix_ms, running_ns));
  }
  // What that is to be called with.
  int64_t anchor_ms(int64_t unix_ms) const;

  // A message captured at `unix_ms` arrived at `running_ns`.
  Stamp stamp(int64_t unix_ms, int64_t running_ns);
  // The connection was lost: audio from then may come yet, at any pace.
  void lost();
  // No buffer may start before this one does, or by less than the step after it.
  int64_t not_before(int64_t position_ns);

 private:
  bool text_anchor_is_late(int64_t unix_ms, int64_t running_ns) const;
  Stamp stamp_text(int64_t position_ns, int64_t running_ns) const;

  TrackSet *set_;
  std::optional<TrackClock> clock_;
  const int64_t step_ns_;
  int64_t floor_ns_ = 0;  // where the next buffer may start
};

}  // namespace rtms

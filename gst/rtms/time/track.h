// SPDX-License-Identifier: LGPL-2.1-or-later
// The positions of one pad's media. They never decrease, and are right even if the timestamps are
// not. Pure: all times are arguments.
#pragma once

#include "trackclock.h"

#include <optional>

namespace rtms {

class Track {
 public:
  // A track without a kind carries texts: the common mapping places them, whatever their delay, and
  // they change no mapping. `step_ns` is the least distance between two buffers: muxers reject two
  // video frames with one timestamp.
  Track(TrackSet *set, std::optional<TrackClock::Kind> kind, int64_t step_ns = 0);

  // The position is on the stream's time line, and never negative.
  using Stamp = TrackClock::Placed;

  // True when Timeline::anchor() is due for a message captured at `unix_ms`.
  bool needs_anchor(int64_t unix_ms, int64_t running_ns) const {
    // Nearly always both are false.
    return !set_->timeline()->anchored() ||
           (set_->has_text_anchor() && text_anchor_is_late(unix_ms, running_ns));
  }
  // Returns the timestamp for that anchor().
  int64_t anchor_ms(int64_t unix_ms) const;

  // A message captured at `unix_ms` arrived at `running_ns`.
  Stamp stamp(int64_t unix_ms, int64_t running_ns);
  // The connection was lost: its audio may be replayed, at any pace.
  void lost();
  // Returns `position_ns`, raised if needed: buffers start at or after the last one, plus the step.
  int64_t not_before(int64_t position_ns);

 private:
  bool text_anchor_is_late(int64_t unix_ms, int64_t running_ns) const;
  Stamp stamp_text(int64_t position_ns, int64_t running_ns) const;

  TrackSet *set_;
  std::optional<TrackClock> clock_;
  const int64_t step_ns_;
  int64_t floor_ns_ = 0;  // earliest start of the next buffer
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// The positions of one pad's media: never back, jumps of the server's clock smoothed over. Pure.
#pragma once

#include "timeline.h"

namespace rtms {

class Track {
 public:
  // The least distance between two buffers: pictures at the same time are none that a muxer takes.
  explicit Track(int64_t step_ns = 0) : step_ns_(step_ns) {}

  struct Stamp {
    int64_t position_ns = 0;  // on the stream's time line, never negative
    bool discont = false;     // the server's clock has jumped
  };

  // Media captured at `unix_ms` arrived at `running_ns`. `newest_ns` is the newest position of any
  // pad.
  Stamp stamp(Timeline *timeline, int64_t unix_ms, int64_t running_ns, int64_t newest_ns);
  // The pipeline was paused: the time line goes on, from wherever it is by now.
  void resume() { started_ = false; }
  // No buffer may start before this one does, or by less than the step after it.
  int64_t not_before(int64_t position_ns);

 private:
  bool jumps(int64_t position_ns, int64_t running_ns, int64_t newest_ns) const;

  int64_t step_ns_;
  bool started_ = false;
  int64_t last_ns_ = 0;  // by the server's clock
  int64_t last_running_ns_ = 0;
  int64_t floor_ns_ = 0;  // where the next buffer may start
};

}  // namespace rtms

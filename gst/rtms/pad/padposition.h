// SPDX-License-Identifier: LGPL-2.1-or-later
// Where one pad's stream has come to: nothing starts before the end of a GAP that was sent, nor
// outside its segment.
#pragma once

#include "media/gstptr.h"

namespace rtms {

class PadPosition {
 public:
  // Where late buffers go that would all move to the same place.
  enum class Late {
    Stacked,   // there, `step` apart, each with its whole duration
    EndToEnd,  // behind each other; for seconds at most, then they are too late
  };
  // `step`: the least distance between two buffers that were moved.
  PadPosition(GstClockTime step, Late late) : step_(step), late_(late) { reset(); }

  void reset();
  void set_segment(GstEvent *event);
  struct Placed {
    GstClockTime moved = 0;  // by how much
    bool discont = false;    // does not follow the last buffer, although it would in its place
    bool too_late = false;   // has no place
  };
  // Moves a buffer whose place has passed, with its whole duration.
  Placed place(GstBuffer *buffer);
  // A GAP from where the stream is to that running time. Null where it would be shorter than
  // `least`.
  EventPtr gap_until(GstClockTime running, GstClockTime least);
  // The same of that length, where there was neither a buffer nor a GAP.
  EventPtr first_gap(GstClockTime length);
  // Places a frame where such a GAP would be. False where that would be shorter than `least`.
  bool fill_until(GstBuffer *frame, GstClockTime running, GstClockTime least);
  // Whether there was neither a buffer nor a GAP.
  bool is_new() const { return !GST_CLOCK_TIME_IS_VALID(end_); }
  // The running time of the segment's first position.
  GstClockTime base() const { return segment_.base; }
  // The running time of the end of what was pushed.
  GstClockTime end() const { return end_; }

 private:
  Placed make_late(GstClockTime pts, GstClockTime duration, GstClockTime start);
  GstClockTime position_of(GstClockTime running) const;
  GstClockTime gap_start() const;

  const GstClockTime step_;
  const Late late_;
  GstSegment segment_;
  GstClockTime end_ = GST_CLOCK_TIME_NONE;  // running time of the end of what was pushed
  GstClockTime gap_end_ = 0;                // and of the last GAP
  GstClockTime moved_ = 0;                  // position before which nothing starts: a buffer moved
  GstClockTime late_since_ = GST_CLOCK_TIME_NONE;  // position where the first of them went
  bool skipped_ = false;                           // what came last had no place
  bool after_buffer_ = false;                      // what was pushed last was no GAP
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Where one pad's stream has come to: nothing starts before the end of a GAP that was sent, nor
// outside its segment.
#pragma once

#include "media/gstptr.h"

namespace rtms {

class PadPosition {
 public:
  // `step`: the least distance between two buffers.
  explicit PadPosition(GstClockTime step = 0) : step_(step) { reset(); }

  void reset();
  void set_segment(GstEvent *event);
  // Moves a buffer whose place has passed, with its whole duration. Returns by how much.
  GstClockTime place(GstBuffer *buffer);
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
  GstClockTime position_of(GstClockTime running) const;
  GstClockTime gap_start() const;

  const GstClockTime step_;
  GstSegment segment_;
  GstClockTime end_ = GST_CLOCK_TIME_NONE;  // running time of the end of what was pushed
  GstClockTime gap_end_ = 0;                // and of the last GAP
  GstClockTime moved_ = 0;                  // position before which nothing starts: a buffer moved
};

}  // namespace rtms

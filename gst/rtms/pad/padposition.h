// SPDX-License-Identifier: LGPL-2.1-or-later
// The position of one pad's stream: no buffer starts before the end of a GAP that was sent, nor
// outside its segment.
#pragma once

#include "media/gstptr.h"

namespace rtms {

class PadPosition {
 public:
  // Where late buffers are moved to.
  enum class Late {
    Stacked,   // to the first free position, `step` apart, each with its whole duration
    EndToEnd,  // one after the other; too late after 4.7 s
  };
  // `step`: the least distance between two moved buffers.
  PadPosition(GstClockTime step, Late late) : step_(step), late_(late) { reset(); }

  void reset();
  void set_segment(GstEvent *event);
  struct Placed {
    GstClockTime moved = 0;  // by how much
    bool discont = false;    // does not continue the last buffer, although its own position would
    bool too_late = false;   // must be dropped
  };
  // Moves a late buffer to the first free position, with its whole duration.
  Placed place(GstBuffer *buffer);
  // Returns a GAP from the end of the stream to that running time; null if shorter than `least`.
  EventPtr gap_until(GstClockTime running, GstClockTime least);
  // Returns a GAP of that length at the start; null after a buffer or a GAP.
  EventPtr first_gap(GstClockTime length);
  // Gives a frame the time of a GAP, for which there is room.
  void fill_until(GstBuffer *frame, GstClockTime running);
  // Whether a frame up to that running time is not shorter than `least`.
  bool has_room(GstClockTime running, GstClockTime least) const;
  // Whether neither a buffer nor a GAP was sent.
  bool is_new() const { return !GST_CLOCK_TIME_IS_VALID(end_); }
  bool has_segment() const { return has_segment_; }
  // Returns the segment's first position, and its running time.
  GstClockTime start() const { return segment_.start; }
  GstClockTime base() const { return segment_.base; }
  // Returns the running time of the end of the stream.
  GstClockTime end() const { return end_; }
  GstClockTime running_time_of(GstClockTime position) const {
    return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, position);
  }

 private:
  Placed make_late(GstClockTime pts, GstClockTime duration, GstClockTime start);
  GstClockTime position_of(GstClockTime running) const;
  GstClockTime gap_start() const;
  GstClockTime fill_start() const;

  const GstClockTime step_;
  const Late late_;
  GstSegment segment_;
  GstClockTime end_ = GST_CLOCK_TIME_NONE;  // running time of the end of the stream
  GstClockTime gap_end_ = 0;                // running time of the end of the last GAP
  GstClockTime moved_ = 0;                  // least position of the next buffer, after a moved one
  GstClockTime late_since_ = GST_CLOCK_TIME_NONE;  // position of the first of these buffers
  bool has_segment_ = false;
  bool skipped_ = false;       // the last buffer was too late
  bool after_buffer_ = false;  // the last push was not a GAP
};

}  // namespace rtms

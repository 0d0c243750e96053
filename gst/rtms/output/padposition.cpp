// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padposition.h"

#include <algorithm>

namespace rtms {

void PadPosition::reset() {
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  end_ = GST_CLOCK_TIME_NONE;
  gap_end_ = moved_ = 0;
}

void PadPosition::set_segment(GstEvent *event) {
  gst_event_copy_segment(event, &segment_);
}

// What lies before the segment has no position: its start is the first.
GstClockTime PadPosition::position_of(GstClockTime running) const {
  if (running <= segment_.base)
    return segment_.start;
  return gst_segment_position_from_running_time(&segment_, GST_FORMAT_TIME, running);
}

GstClockTime PadPosition::place(GstBuffer *buffer) {
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(pts))
    return 0;
  const GstClockTime first = std::max({segment_.start, position_of(gap_end_), moved_});
  const GstClockTime start = std::max(pts, first);
  if (start > pts) {
    GST_BUFFER_PTS(buffer) = start;
    moved_ = start + step_;
  }
  GstClockTime end = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, start);
  if (GST_BUFFER_DURATION_IS_VALID(buffer))
    end += GST_BUFFER_DURATION(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(end_) || end > end_)
    end_ = end;
  return start - pts;
}

GstClockTime PadPosition::gap_start() const {
  return GST_CLOCK_TIME_IS_VALID(end_) ? std::max(end_, segment_.base) : segment_.base;
}

EventPtr PadPosition::gap_until(GstClockTime running, GstClockTime least) {
  const GstClockTime start = gap_start();
  if (!GST_CLOCK_TIME_IS_VALID(running) || running < start + least)
    return nullptr;
  end_ = gap_end_ = running;
  return EventPtr(gst_event_new_gap(position_of(start), running - start));
}

EventPtr PadPosition::first_gap(GstClockTime length) {
  return GST_CLOCK_TIME_IS_VALID(end_) ? nullptr : gap_until(segment_.base + length, 0);
}

bool PadPosition::fill_until(GstBuffer *frame, GstClockTime running, GstClockTime least) {
  // A frame has no duration: what ends with it would begin at its own time.
  constexpr GstClockTime kAfterFrame = 40 * GST_MSECOND;
  const bool after_frame = GST_CLOCK_TIME_IS_VALID(end_) && end_ > gap_end_;
  const GstClockTime start = gap_start() + (after_frame ? kAfterFrame : 0);
  if (!GST_CLOCK_TIME_IS_VALID(running) || running < start + least)
    return false;
  GST_BUFFER_PTS(frame) = position_of(start);
  GST_BUFFER_DURATION(frame) = running - start;
  end_ = gap_end_ = running;
  return true;
}

}  // namespace rtms

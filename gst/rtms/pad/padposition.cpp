// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padposition.h"

#include <algorithm>

namespace rtms {
namespace {

// Late audio is better than none for this long. Audio that is late by a constant is moved earlier,
// by its TrackClock.
constexpr GstClockTime kLongestLate = 4700 * GST_MSECOND;

}  // namespace

void PadPosition::reset() {
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  end_ = GST_CLOCK_TIME_NONE;
  gap_end_ = moved_ = 0;
  late_since_ = GST_CLOCK_TIME_NONE;
  has_segment_ = skipped_ = after_buffer_ = false;
}

// Moved audio may end later than the new segment begins.
void PadPosition::set_segment(GstEvent *event) {
  gst_event_copy_segment(event, &segment_);
  has_segment_ = true;
  if (late_ == Late::EndToEnd && GST_CLOCK_TIME_IS_VALID(end_))
    gap_end_ = std::max(gap_end_, end_);
}

// Times before the segment have no position: they map to its start.
GstClockTime PadPosition::position_of(GstClockTime running) const {
  if (running <= segment_.base)
    return segment_.start;
  return gst_segment_position_from_running_time(&segment_, GST_FORMAT_TIME, running);
}

PadPosition::Placed PadPosition::place(GstBuffer *buffer) {
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(pts))
    return {};
  const GstClockTime duration =
      GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
  const GstClockTime first = std::max({segment_.start, position_of(gap_end_), moved_});
  const GstClockTime start = std::max(pts, first);
  Placed placed;
  if (start > pts) {
    placed = make_late(pts, duration, start);
  } else {
    placed.discont = skipped_;
    late_since_ = GST_CLOCK_TIME_NONE;
  }
  skipped_ = placed.too_late;
  if (placed.too_late)
    return placed;
  GST_BUFFER_PTS(buffer) = start;
  after_buffer_ = true;
  const GstClockTime end = running_time_of(start) + duration;
  if (!GST_CLOCK_TIME_IS_VALID(end_) || end > end_)
    end_ = end;
  return placed;
}

// Without a pause between them, the following buffers are as late as the first.
PadPosition::Placed PadPosition::make_late(GstClockTime pts, GstClockTime duration,
                                           GstClockTime start) {
  const bool is_first = !GST_CLOCK_TIME_IS_VALID(late_since_);
  if (is_first)
    late_since_ = start;
  Placed placed;
  placed.moved = start - pts;
  placed.discont = late_ == Late::EndToEnd && (is_first || skipped_ || start != moved_);
  placed.too_late = late_ == Late::EndToEnd && start - late_since_ >= kLongestLate &&
                    placed.moved >= std::max(duration, step_);
  if (!placed.too_late)
    moved_ = start + (late_ == Late::EndToEnd ? std::max(duration, step_) : step_);
  return placed;
}

GstClockTime PadPosition::gap_start() const {
  return GST_CLOCK_TIME_IS_VALID(end_) ? std::max(end_, segment_.base) : segment_.base;
}

EventPtr PadPosition::gap_until(GstClockTime running, GstClockTime least) {
  const GstClockTime start = gap_start();
  if (!GST_CLOCK_TIME_IS_VALID(running) || running < start + least)
    return nullptr;
  end_ = gap_end_ = running;
  after_buffer_ = false;
  return EventPtr(gst_event_new_gap(position_of(start), running - start));
}

EventPtr PadPosition::first_gap(GstClockTime length) {
  return GST_CLOCK_TIME_IS_VALID(end_) ? nullptr : gap_until(segment_.base + length, 0);
}

// The last frame has no duration; without one the black frame would have its timestamp.
GstClockTime PadPosition::fill_start() const {
  constexpr GstClockTime kAfterFrame = 40 * GST_MSECOND;
  return gap_start() + (after_buffer_ ? kAfterFrame : 0);
}

bool PadPosition::has_room(GstClockTime running, GstClockTime least) const {
  return GST_CLOCK_TIME_IS_VALID(running) && running >= fill_start() + least;
}

void PadPosition::fill_until(GstBuffer *frame, GstClockTime running) {
  const GstClockTime start = fill_start();
  GST_BUFFER_PTS(frame) = position_of(start);
  GST_BUFFER_DURATION(frame) = running - start;
  end_ = gap_end_ = running;
  after_buffer_ = false;
}

}  // namespace rtms

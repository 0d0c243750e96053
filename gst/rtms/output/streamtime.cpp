// SPDX-License-Identifier: LGPL-2.1-or-later
#include "streamtime.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

// Media that came within that are coming.
constexpr int64_t kComing_us = 400 * 1000;

}  // namespace

std::optional<TrackClock::Kind> track_clock(Media media, bool participant) {
  if (media == Media::Audio)
    return participant ? TrackClock::Kind::Participant : TrackClock::Kind::Mix;
  if (is_text(media))
    return std::nullopt;
  return media == Media::Video ? TrackClock::Kind::Video : TrackClock::Kind::Screen;
}

StreamTime::StreamTime(GstElement *element, GstClockTime latency, GstClockTime queue_time,
                       GstClockTime text_wait, bool backlog)
    : element_(element),
      tracks_(&timeline_, backlog),
      text_wait_(text_wait),
      latency_(std::make_shared<PadLatency>()) {
  latency_->min = latency;
  latency_->queue_time = queue_time;
}

void StreamTime::anchor(int64_t unix_ms, bool text) {
  reanchor_ = false;
  arrival_.reset();
  // What came early is ahead of the clock: nothing plays before its end.
  timeline_.anchor(unix_ms, std::max(arrival().running_ns, latest_end_ns_));
  segment_ = timeline_.segment();
  tracks_.anchored(arrival().running_ns, text);
  GST_INFO_OBJECT(element_,
                  "position 0 is Unix time %" G_GINT64_FORMAT " ms; position %" GST_TIME_FORMAT
                  " plays at running time %" GST_TIME_FORMAT,
                  timeline_.zero_ms(), GST_TIME_ARGS(segment_.start), GST_TIME_ARGS(segment_.base));
}

EventPtr StreamTime::segment_event(guint32 seqnum) const {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = segment_.start;
  segment.base = segment_.base;
  EventPtr event(gst_event_new_segment(&segment));
  gst_event_set_seqnum(event.get(), seqnum);
  return event;
}

const StreamTime::Arrival &StreamTime::look_at_clocks() {
  const GstClockTime now = running_time();
  arrival_ = {GST_CLOCK_TIME_IS_VALID(now) ? static_cast<int64_t>(now) : 0, g_get_real_time(),
              g_get_monotonic_time()};
  return *arrival_;
}

int64_t StreamTime::timestamp_of(const MediaData &data) {
  if (data.timestamp > 0)
    last_timestamp_ms_ = data.timestamp;
  else if (last_timestamp_ms_ == 0)
    last_timestamp_ms_ = g_get_real_time() / 1000;
  return last_timestamp_ms_;
}

int64_t StreamTime::text_zero_ms(const MediaData &data) const {
  return timeline_.start_ms(data.start_time.value_or(data.end_time.value_or(0)), data.timestamp);
}

GstClockTime StreamTime::running_time_of(GstClockTime position) const {
  return position + segment_.base > segment_.start ? position + segment_.base - segment_.start : 0;
}

void StreamTime::advance(Media media, GstClockTime position, GstClockTime duration) {
  const GstClockTime running = running_time_of(position);
  Newest &newest = newest_[static_cast<unsigned>(media)];
  if (running > newest.running)
    newest.running.store(running, std::memory_order_relaxed);
  newest.at_us.store(arrival().monotonic_us, std::memory_order_relaxed);
  const GstClockTime end = running + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  latest_end_ns_ = std::max(latest_end_ns_, static_cast<int64_t>(end));
}

void StreamTime::set_playing(bool playing) {
  // Running time stood still while paused, the meeting did not: the next media sets the mapping
  // anew.
  if (playing)
    reanchor_ = true;
  playing_ = playing;
}

GstClockTime StreamTime::running_time() const {
  return playing_ ? gst_element_get_current_running_time(element_) : GST_CLOCK_TIME_NONE;
}

// A pad's media come in order with those of the other pads of their kind, be they a minute old.
// When none of that kind come, the others tell: a server that sends faster than real time, or has
// begun with older audio, is ahead of the clock.
GstClockTime StreamTime::certain_time(Media media) const {
  const GstClockTime now = running_time();
  if (!GST_CLOCK_TIME_IS_VALID(now))
    return GST_CLOCK_TIME_NONE;
  const Newest &own = newest_[static_cast<unsigned>(media)];
  GstClockTime newest = own.running;
  if (g_get_monotonic_time() - own.at_us > kComing_us) {
    newest = now;
    for (const Newest &other : newest_)
      newest = std::max(newest, other.running.load());
  }
  const GstClockTime behind = latency_->min + (is_text(media) ? text_wait_ : 0);
  return newest > behind ? newest - behind : GST_CLOCK_TIME_NONE;
}

}  // namespace rtms

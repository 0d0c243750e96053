// SPDX-License-Identifier: LGPL-2.1-or-later
#include "streamtime.h"

#include <algorithm>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

constexpr int64_t kNsPerUs = 1000;

}  // namespace

std::optional<TrackClock::Kind> track_clock(Media media, bool participant) {
  if (media == Media::Audio)
    return participant ? TrackClock::Kind::Participant : TrackClock::Kind::Mix;
  if (is_text(media))
    return std::nullopt;
  return media == Media::Video ? TrackClock::Kind::Video : TrackClock::Kind::Screen;
}

StreamTime::StreamTime(GstElement *element, GstClockTime latency, GstClockTime queue_time,
                       GstClockTime text_wait, unsigned stall_wait_ms, bool backlog,
                       std::function<int64_t()> read_until_us)
    : element_(element),
      read_until_us_(std::move(read_until_us)),
      tracks_(&timeline_, backlog),
      audio_is_behind_(backlog),
      text_wait_(text_wait),
      stall_wait_us_(int64_t{stall_wait_ms} * 1000),
      latency_(std::make_shared<PadLatency>()) {
  latency_->min = latency;
  latency_->queue_time = queue_time;
}

void StreamTime::anchor(int64_t unix_ms, bool text, int64_t waited_ns) {
  reanchor_ = false;
  arrival_.reset();
  const int64_t came_ns =
      arrival().running_ns - std::min(waited_ns, static_cast<int64_t>(latency_->min));
  // Early media are ahead of the clock: nothing is placed before their end.
  timeline_.anchor(unix_ms, std::max({came_ns, latest_end_ns_, int64_t{0}}));
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
  const bool valid = GST_CLOCK_TIME_IS_VALID(now);
  arrival_ = {valid ? static_cast<int64_t>(now) : 0, g_get_real_time(), g_get_monotonic_time(),
              !valid && until_start() > 0};
  if (burst_)
    burst_();
  return *arrival_;
}

// Texts may be old.
int64_t StreamTime::timestamp_of(const MediaData &data) {
  const int64_t now_us = arrival().monotonic_us;
  if (data.timestamp <= 0)
    return last_timestamp_ms_ ? last_timestamp_ms_ + (now_us - last_timestamp_us_) / 1000
                              : arrival().real_us / 1000;
  if (!is_text(data.media) || last_timestamp_ms_ == 0) {
    last_timestamp_ms_ = data.timestamp;
    last_timestamp_us_ = now_us;
  }
  return data.timestamp;
}

int64_t StreamTime::text_zero_ms(const MediaData &data) const {
  return timeline_.start_ms(data.start_time.value_or(data.end_time.value_or(0)), data.timestamp);
}

GstClockTime StreamTime::running_time_of(GstClockTime position) const {
  return position + segment_.base > segment_.start ? position + segment_.base - segment_.start : 0;
}

GstClockTime StreamTime::position_at(GstClockTime running) const {
  return running + segment_.start > segment_.base ? running + segment_.start - segment_.base : 0;
}

void StreamTime::advance(Media media, GstClockTime position, GstClockTime duration) {
  const GstClockTime running = running_time_of(position);
  delivery_[static_cast<unsigned>(media)].media(static_cast<int64_t>(running), arrival().running_ns,
                                                arrival().monotonic_us);
  audio_is_behind_ = tracks_.behind();
  const GstClockTime end = running + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  latest_end_ns_ = std::max(latest_end_ns_, static_cast<int64_t>(end));
}

void StreamTime::set_playing(bool playing) {
  // Running time stopped while paused, the meeting did not: the next media define a new mapping.
  if (playing)
    reanchor_ = true;
  playing_ = playing;
}

GstClockTime StreamTime::running_time() const {
  return playing_ ? gst_element_get_current_running_time(element_) : GST_CLOCK_TIME_NONE;
}

GstClockTime StreamTime::until_start() const {
  // A base time that is further away is a mistake, or the clock has no time yet.
  constexpr GstClockTime kMost = 3600 * GST_SECOND;
  const ClockPtr clock(gst_element_get_clock(element_));
  const GstClockTime now = clock ? gst_clock_get_time(clock.get()) : GST_CLOCK_TIME_NONE;
  const GstClockTime base = gst_element_get_base_time(element_);
  const bool known = playing_ && GST_CLOCK_TIME_IS_VALID(now) && GST_CLOCK_TIME_IS_VALID(base);
  return known && base > now && base - now < kMost ? base - now : 0;
}

void StreamTime::alive(MediaMask media) {
  const int64_t now_us = g_get_monotonic_time();
  for (Media m : kAllMedia)
    if (media & media_bit(m))
      delivery_[static_cast<unsigned>(m)].alive(now_us);
}

// A pad's media arrive in order with those of other pads of their kind, even if a minute old.
// Without media of the kind the other kinds decide: a server that sends faster than real time, or
// began with older audio, is ahead of the clock. Audio replayed in real time stays behind it, even
// in pauses. What arrived after the connections were last read is unknown.
GstClockTime StreamTime::certain_time(Media media) const {
  const GstClockTime now = running_time();
  if (!GST_CLOCK_TIME_IS_VALID(now))
    return GST_CLOCK_TIME_NONE;
  const int64_t now_us = read_until_us_();
  const int64_t unread_ns = std::max<int64_t>(g_get_monotonic_time() - now_us, 0) * kNsPerUs;
  const int64_t now_ns = static_cast<int64_t>(now) - unread_ns;
  const Delivery &own = delivery_[static_cast<unsigned>(media)];
  const int64_t behind_ns = media == Media::Audio ? own.behind_ns(now_us) : 0;
  const auto delivered_ns =
      own.delivered_ns(now_ns - behind_ns, now_us, stall_wait_us_, media == Media::Audio);
  int64_t newest_ns = own.newest_ns();
  if (!own.is_coming(now_us)) {
    newest_ns = now_ns - behind_ns;
    const bool replayed = behind_ns || (media == Media::Audio && audio_is_behind_);
    for (const Delivery &other : delivery_)
      newest_ns = replayed ? newest_ns : std::max(newest_ns, other.newest_ns());
  }
  int64_t certain_ns = newest_ns - static_cast<int64_t>(latency_->min + latency_->round +
                                                        (is_text(media) ? text_wait_ : 0));
  // Audio may pause, video does not.
  if (!is_text(media))
    certain_ns = std::min(certain_ns, delivered_ns.value_or(certain_ns));
  return certain_ns > 0 ? static_cast<GstClockTime>(certain_ns) : GST_CLOCK_TIME_NONE;
}

}  // namespace rtms

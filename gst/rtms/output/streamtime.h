// SPDX-License-Identifier: LGPL-2.1-or-later
// The time of a stream: the mapping and the clock that all its pads share.
#pragma once

#include "pad/gstrtmssrcpad.h"
#include "protocol/types.h"
#include "time/delivery.h"
#include "time/timeline.h"
#include "time/trackclock.h"
#include "time/trackset.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace rtms {

// Returns the clock that a pad's media follow; nothing for texts.
std::optional<TrackClock::Kind> track_clock(Media media, bool participant);

// Used on the loop thread, except where noted.
class StreamTime {
 public:
  // The arrival of the current message: the same for all of a burst.
  struct Arrival {
    int64_t running_ns = 0, real_us = 0, monotonic_us = 0;
    bool is_early = false;  // the base time is in the future
  };

  // `read_until_us`: called on any thread; returns the monotonic time, in µs, up to which all that
  // arrived has been read.
  StreamTime(GstElement *element, GstClockTime latency, GstClockTime queue_time,
             GstClockTime text_wait, unsigned stall_wait_ms, bool backlog,
             std::function<int64_t()> read_until_us);

  Timeline &timeline() { return timeline_; }
  const Timeline &timeline() const { return timeline_; }
  TrackSet &tracks() { return tracks_; }
  // True before the first media of the stream, and before the first after a pause of the pipeline:
  // their arrival defines the mapping.
  bool needs_anchor() const { return reanchor_; }
  // `waited_ns`: age of the arrival, which is compensated as far as the latency allows.
  void anchor(int64_t unix_ms, bool text, int64_t waited_ns);
  EventPtr segment_event(guint32 seqnum) const;

  // `burst` is called when the clocks are read; burst_over() is required after the burst.
  void set_burst(std::function<void()> burst) { burst_ = std::move(burst); }
  const Arrival &arrival() { return arrival_ ? *arrival_ : look_at_clocks(); }
  void burst_over() { arrival_.reset(); }
  // Unix ms; a message without a timestamp is as much newer than the last media as it arrived
  // later.
  int64_t timestamp_of(const MediaData &data);
  // Returns the Unix ms that the text's relative times count from.
  int64_t text_zero_ms(const MediaData &data) const;

  // Audio or a video frame was queued.
  void advance(Media media, GstClockTime position, GstClockTime duration);
  // alive: the connection of these media delivered something else. off: none is sent for now.
  void alive(MediaMask media);
  void off(Media media) { delivery_[static_cast<unsigned>(media)].off(); }
  // Converts a position to running time.
  GstClockTime running_time_of(GstClockTime position) const;
  // Returns the position of a running time; 0 if it is before the first one.
  GstClockTime position_at(GstClockTime running) const;

  // Any thread:
  void set_playing(bool playing);
  bool playing() const { return playing_; }
  GstClockTime running_time() const;
  // Returns how long it is until running time 0; 0 if that has passed, or is unknown.
  GstClockTime until_start() const;
  // Returns the running time up to which no more of these media will arrive; GST_CLOCK_TIME_NONE if
  // that is unknown.
  GstClockTime certain_time(Media media) const;
  const std::shared_ptr<PadLatency> &latency() const { return latency_; }

 private:
  const Arrival &look_at_clocks();

  GstElement *element_;
  const std::function<int64_t()> read_until_us_;
  Timeline timeline_;
  TrackSet tracks_;
  Timeline::Segment segment_;
  std::optional<Arrival> arrival_;
  std::function<void()> burst_;
  int64_t last_timestamp_ms_ = 0, last_timestamp_us_ = 0;  // Unix; monotonic, of its arrival
  int64_t latest_end_ns_ = 0;  // running time of the end of the queued media
  std::atomic<bool> playing_{false};
  std::atomic<bool> reanchor_{true};
  std::array<Delivery, kMediaCount> delivery_;
  // Audio from before the connection may still come, at any pace.
  std::atomic<bool> audio_is_behind_;
  const GstClockTime text_wait_;
  const int64_t stall_wait_us_;
  const std::shared_ptr<PadLatency> latency_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a stream is in time: the mapping that all its pads share, and the clock.
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

// Which clock the media of a pad follow; none where they are texts.
std::optional<TrackClock::Kind> track_clock(Media media, bool participant);

// Used on the loop thread, but for what says otherwise.
class StreamTime {
 public:
  // When what is being handed on arrived: the same for all of a burst.
  struct Arrival {
    int64_t running_ns = 0, real_us = 0, monotonic_us = 0;
  };

  StreamTime(GstElement *element, GstClockTime latency, GstClockTime queue_time,
             GstClockTime text_wait, unsigned stall_wait_ms, bool backlog);

  Timeline &timeline() { return timeline_; }
  const Timeline &timeline() const { return timeline_; }
  TrackSet &tracks() { return tracks_; }
  // The first media is mapped to the running time of its arrival; what comes first after a pause of
  // the pipeline, too.
  bool needs_anchor() const { return reanchor_; }
  // `waited_ns`: it came so long ago. It plays when it came, as far as the latency allows.
  void anchor(int64_t unix_ms, bool text, int64_t waited_ns);
  EventPtr segment_event(guint32 seqnum) const;

  // Is called at the first look at the clocks; burst_over() is wanted when all is handed on.
  void set_burst(std::function<void()> burst) { burst_ = std::move(burst); }
  const Arrival &arrival() { return arrival_ ? *arrival_ : look_at_clocks(); }
  void burst_over() { arrival_.reset(); }
  // Unix ms; a message without a timestamp belongs where the last one was.
  int64_t timestamp_of(const MediaData &data);
  // Unix ms that a text's times count from.
  int64_t text_zero_ms(const MediaData &data) const;

  // Audio or a picture is handed on.
  void advance(Media media, GstClockTime position, GstClockTime duration);
  // The connection of these media has delivered something else; nothing of them is sent for now.
  void alive(MediaMask media);
  void off(Media media) { delivery_[static_cast<unsigned>(media)].off(); }
  // Where a position plays.
  GstClockTime running_time_of(GstClockTime position) const;

  // Any thread.
  void set_playing(bool playing);
  bool playing() const { return playing_; }
  GstClockTime running_time() const;
  // The running time up to which it is certain that no more of these media will come;
  // GST_CLOCK_TIME_NONE where that cannot be told now.
  GstClockTime certain_time(Media media) const;
  const std::shared_ptr<PadLatency> &latency() const { return latency_; }

 private:
  const Arrival &look_at_clocks();

  GstElement *element_;
  Timeline timeline_;
  TrackSet tracks_;
  Timeline::Segment segment_;
  std::optional<Arrival> arrival_;
  std::function<void()> burst_;
  int64_t last_timestamp_ms_ = 0;
  int64_t latest_end_ns_ = 0;  // running time of the end of what was handed on
  std::atomic<bool> playing_{false};
  std::atomic<bool> reanchor_{true};
  std::array<Delivery, kMediaCount> delivery_;
  const GstClockTime text_wait_;
  const int64_t stall_wait_us_;
  const std::shared_ptr<PadLatency> latency_;
};

}  // namespace rtms

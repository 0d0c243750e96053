// SPDX-License-Identifier: LGPL-2.1-or-later
// Maps capture times to running times of the recording.
#pragma once

#include "common/gst.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace rtms::recorder {

// Thread-safe.
class CaptureTime {
 public:
  // Running times at which the last audio and the last video frame end. The files continue with
  // silence and black frames.
  struct Ends {
    GstClockTime audio = 0, video = 0;
  };

  // Returns the capture time of a buffer of rtmssrc, as Unix time; none if it is unknown.
  static GstClockTime of(GstBuffer *buffer) {
    static GstCaps *const unix_time = [] {
      GstCaps *caps = gst_caps_new_empty_simple("timestamp/x-unix");
      GST_MINI_OBJECT_FLAG_SET(caps, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
      return caps;
    }();
    const auto meta = gst_buffer_get_reference_timestamp_meta(buffer, unix_time);
    return meta ? meta->timestamp : GST_CLOCK_TIME_NONE;
  }

  // Takes a buffer of audio or video.
  void note(GstBuffer *buffer, GstClockTime running, bool is_audio) {
    const GstClockTime captured = of(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(captured))
      return;
    const int64_t offset = static_cast<int64_t>(running) - static_cast<int64_t>(captured);
    Offsets &offsets = is_audio ? audio_ : video_;
    int64_t unknown = kUnknown;
    offsets.first.compare_exchange_strong(unknown, offset);
    offsets.last = offset;
    const GstClockTime duration = GST_BUFFER_DURATION(buffer);
    raise(is_audio ? &audio_end_ : &video_end_,
          running + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 2 * GST_MSECOND));
  }

  Ends ends() const { return {audio_end_, video_end_}; }

  // The capture time of running time 0, in Unix ms, computed from the last media; 0: unknown.
  int64_t start_ms() const {
    const int64_t offset = offsets().last;
    return offset == kUnknown ? 0 : -rounded_ms(offset);
  }

  // How much longer the recording is by the service's clock than by its running time, in ms:
  // computed from the first media, start_ms() is so much earlier. 0 if the times of the first media
  // cannot be explained by the rates of two clocks.
  int64_t drift_ms() const {
    constexpr int64_t kMost = 3000;  // the rates of two clocks differ by less than 1/kMost
    const int64_t by = offsets().first - offsets().last;
    const auto length = static_cast<int64_t>(std::max<GstClockTime>(audio_end_, video_end_));
    const int64_t plausible = 100 * static_cast<int64_t>(GST_MSECOND) + length / kMost;
    return std::abs(by) <= plausible ? rounded_ms(by) : 0;
  }

  // Returns the running time of a text's capture. `moved` is that of its buffer: rtmssrc moves a
  // text that is late behind what it has already sent.
  GstClockTime running_time(int64_t unix_ms, GstClockTime moved) const {
    constexpr int64_t kFurthest = 10 * 60 * GST_SECOND;
    const int64_t offset = offsets().last;
    if (offset == kUnknown || unix_ms <= 0)
      return moved;
    const int64_t own = unix_ms * static_cast<int64_t>(GST_MSECOND) + offset;
    const int64_t by = static_cast<int64_t>(moved) - own;
    if (by <= 0 || by > kFurthest)
      return moved;
    return own > 0 ? static_cast<GstClockTime>(own) : 0;
  }

 private:
  static constexpr int64_t kUnknown = INT64_MIN;
  // Running time minus capture time of the first and the last media. The clock of the service runs
  // at another rate.
  struct Offsets {
    std::atomic<int64_t> first{kUnknown}, last{kUnknown};
  };
  // Audio has no gaps, and cannot hide any.
  const Offsets &offsets() const { return audio_.last == kUnknown ? video_ : audio_; }
  static int64_t rounded_ms(int64_t ns) {
    constexpr auto ms = static_cast<int64_t>(GST_MSECOND);
    return (ns + (ns < 0 ? -ms : ms) / 2) / ms;
  }
  static void raise(std::atomic<GstClockTime> *time, GstClockTime to) {
    GstClockTime before = *time;
    while (to > before && !time->compare_exchange_weak(before, to)) {
    }
  }
  Offsets audio_, video_;
  std::atomic<GstClockTime> audio_end_{0}, video_end_{0};
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// When what was captured is in the recording.
#pragma once

#include "common/gst.h"

#include <atomic>
#include <cstdint>

namespace rtms::recorder {

// From any thread.
class CaptureTime {
 public:
  // Where the last audio ends, and the last picture, in running time: what is behind it in the
  // files is silence, and black.
  struct Ends {
    GstClockTime audio = 0, video = 0;
  };

  // Audio or a picture, which has the time of its capture.
  void note(GstBuffer *buffer, GstClockTime running, bool is_audio) {
    static GstCaps *const unix_time = [] {
      GstCaps *caps = gst_caps_new_empty_simple("timestamp/x-unix");
      GST_MINI_OBJECT_FLAG_SET(caps, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
      return caps;
    }();
    const auto meta = gst_buffer_get_reference_timestamp_meta(buffer, unix_time);
    if (!meta)
      return;
    offset_ = static_cast<int64_t>(running) - static_cast<int64_t>(meta->timestamp);
    const GstClockTime duration = GST_BUFFER_DURATION(buffer);
    raise(is_audio ? &audio_end_ : &video_end_,
          running + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 2 * GST_MSECOND));
  }

  Ends ends() const { return {audio_end_, video_end_}; }

  // When was captured what is at running time 0, in Unix ms; 0: not known.
  int64_t start_ms() const {
    const int64_t offset = offset_;
    return offset == kUnknown ? 0 : -offset / static_cast<int64_t>(GST_MSECOND);
  }

  // rtmssrc moves a text whose place has passed behind what it has sent: `moved` is where to. Its
  // own place is before that.
  GstClockTime running_time(int64_t unix_ms, GstClockTime moved) const {
    constexpr int64_t kFurthest = 10 * 60 * GST_SECOND;
    const int64_t offset = offset_;
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
  static void raise(std::atomic<GstClockTime> *time, GstClockTime to) {
    GstClockTime before = *time;
    while (to > before && !time->compare_exchange_weak(before, to)) {
    }
  }
  std::atomic<int64_t> offset_{kUnknown};
  std::atomic<GstClockTime> audio_end_{0}, video_end_{0};
};

}  // namespace rtms::recorder

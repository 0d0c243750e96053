// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the audio that was encoded before the keyframe of its time: the encoder of the video is
// slower, and slowest on a busy machine.
#pragma once

#include "common/gst.h"

#include <deque>
#include <utility>

namespace rtms::recorder {

class EarlyAudio {
 public:
  // The buffers have running times, in their order; one without is dropped.
  void add(SamplePtr sample) {
    if (!GST_CLOCK_TIME_IS_VALID(start_of(sample)))
      return;
    // A group of pictures, and as long as the muxer waits for the later stream.
    constexpr GstClockTime kMost = 5 * GST_SECOND;
    samples_.push_back(std::move(sample));
    while (start_of(samples_.front()) + kMost < start_of(samples_.back()))
      samples_.pop_front();
  }
  // Returns what is heard from that running time on, and keeps nothing.
  std::deque<SamplePtr> take(GstClockTime from) {
    while (!samples_.empty() && start_of(samples_.front()) < from)
      samples_.pop_front();
    return std::exchange(samples_, {});
  }

 private:
  static GstClockTime start_of(const SamplePtr &sample) {
    return GST_BUFFER_PTS(gst_sample_get_buffer(sample.get()));
  }

  std::deque<SamplePtr> samples_;
};

}  // namespace rtms::recorder

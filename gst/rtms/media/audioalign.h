// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio packets without gaps between them, although the wire's timestamps have whole milliseconds
// and jitter.
#pragma once

#include "gstptr.h"

#include <gst/audio/audio.h>

namespace rtms {

class AudioAlign {
 public:
  struct Result {
    GstClockTime pts = 0;
    GstClockTime duration = 0;
    bool discont = false;
  };

  // A packet of `duration` whose timestamp says `pts`; `discont`: it does not follow the last one.
  Result process(GstClockTime pts, GstClockTime duration, bool discont);
  // Samples per second of the packets that follow.
  void set_rate(int rate_hz);

 private:
  GstClockTime corrected(GstClockTime pts, bool *discont);

  std::unique_ptr<GstAudioStreamAlign, FreeWith<gst_audio_stream_align_free>> align_;
  int rate_hz_ = 0;
  GstClockTime last_ = 0;                    // where the last packet began
  GstClockTime next_ = GST_CLOCK_TIME_NONE;  // where the last packet ended
  double mean_error_ns_ = 0;                 // of the timestamps against next_
  unsigned packets_ = 0;                     // that the mean was made of
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Aligns audio packets without gaps, although their timestamps are whole milliseconds with jitter.
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

  // Aligns a packet with `pts` and `duration`; `discont`: it does not continue the last one.
  Result process(GstClockTime pts, GstClockTime duration, bool discont);
  // Sets the rate of the following packets.
  void set_rate(int rate_hz);

 private:
  GstClockTime corrected(GstClockTime pts, bool *discont);

  std::unique_ptr<GstAudioStreamAlign, FreeWith<gst_audio_stream_align_free>> align_;
  int rate_hz_ = 0;
  GstClockTime last_ = 0;                    // begin of the last packet
  GstClockTime next_ = GST_CLOCK_TIME_NONE;  // end of the last packet
  double mean_error_ns_ = 0;                 // mean of pts - next_
  unsigned packets_ = 0;                     // packets in the mean
};

}  // namespace rtms

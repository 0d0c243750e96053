// SPDX-License-Identifier: LGPL-2.1-or-later
// Aligns audio packets without gaps, although their timestamps are whole milliseconds with jitter.
#pragma once

#include "gstptr.h"

#include <gst/audio/audio.h>

namespace rtms {

// Of a packet: the present position, and by how much its own timestamp is before its `pts`.
struct AudioArrival {
  GstClockTime now = 0, behind = 0;
};

class AudioAlign {
 public:
  struct Result {
    GstClockTime pts = 0;
    GstClockTime duration = 0;
    bool discont = false;
  };

  // Aligns a packet with `pts` and `duration`; `discont`: it does not continue the last one. Audio
  // that comes more than a second after its time, at the pace of life, is of a server whose clock
  // is behind: it follows the last packet, until its timestamps are mapped anew. So do packets with
  // the same timestamp, for a second.
  Result process(GstClockTime pts, GstClockTime duration, bool discont, AudioArrival arrival = {});
  // Sets the rate of the following packets.
  void set_rate(int rate_hz);

 private:
  GstClockTime corrected(GstClockTime pts, bool *discont);
  bool repeats(GstClockTime pts, GstClockTime duration);
  bool follows(GstClockTime pts, GstClockTime duration, const AudioArrival &arrival);

  std::unique_ptr<GstAudioStreamAlign, FreeWith<gst_audio_stream_align_free>> align_;
  int rate_hz_ = 0;
  GstClockTime last_ = 0;                    // begin of the last packet
  GstClockTime next_ = GST_CLOCK_TIME_NONE;  // end of the last packet
  GstClockTime said_ = GST_CLOCK_TIME_NONE;  // the last packet's `pts`
  GstClockTime repeated_ = 0;                // duration of the packets that repeated it
  GstClockTime follows_since_ = 0;           // `now` of the first packet that followed so
  GstClockTime followed_ = 0;                // duration of the packets that followed so
  double mean_error_ns_ = 0;                 // mean of pts - next_
  unsigned packets_ = 0;                     // packets in the mean
};

}  // namespace rtms

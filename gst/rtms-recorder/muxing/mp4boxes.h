// SPDX-License-Identifier: LGPL-2.1-or-later
// What mp4mux writes, as the standard has it.
#pragma once

#include "common/gst.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

namespace rtms::recorder {

// In a fragmented file mp4mux, up to GStreamer 1.26, lets each track begin at 0: what begins later
// is too early by that. And the one of GStreamer 1.22 copies the numbers of `dOps` from the header
// of Ogg, where they are little-endian: players cut the first 299 ms, or refuse the track. Both are
// seen in what it writes, and mended there.
class Mp4Boxes {
 public:
  static std::shared_ptr<Mp4Boxes> attach(GstPad *muxed);
  // A pad of the muxer: all of them, in the order in which they were requested.
  static void add_track(const std::shared_ptr<Mp4Boxes> &self, GstPad *entry);

  // Turns round the numbers of each `dOps` that has them in the wrong order. How many had.
  static unsigned mend_opus(uint8_t *data, size_t size);

 private:
  struct Track {
    std::atomic<GstClockTime> start{GST_CLOCK_TIME_NONE};  // the running time of the first buffer
    uint32_t timescale = 0;
    bool begun = false;   // a fragment of it is written
    uint64_t offset = 0;  // what its times lack
  };

  static GstPadProbeReturn on_written(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_first(GstPad *pad, GstPadProbeInfo *info, gpointer track);
  void mend(uint8_t *data, size_t size);
  void movie(const uint8_t *data, size_t size);
  void fragment(uint8_t *data, size_t size);
  void index(uint8_t *data, size_t size);
  Track *track(uint32_t id);

  std::deque<Track> tracks_;  // number 1 is the first
};

}  // namespace rtms::recorder

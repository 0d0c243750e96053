// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrects boxes of mp4mux that violate the standard.
#pragma once

#include "common/gst.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace rtms::recorder {

// In fragmented files, mp4mux up to GStreamer 1.26 starts each track at 0: tracks that begin later
// are early by their start. mp4mux of GStreamer 1.22 copies the numbers of `dOps` from the Ogg
// header in little-endian order: players cut the first 299 ms, or refuse the track. This class
// detects both in the output, and corrects them.
class Mp4Boxes {
 public:
  static std::shared_ptr<Mp4Boxes> attach(GstPad *muxed);
  // Adds a pad of the muxer. All pads must be added, in the order of their request.
  static void add_track(const std::shared_ptr<Mp4Boxes> &self, GstPad *entry);

  // Corrects the byte order of each `dOps` that needs it. Returns their number.
  static unsigned mend_opus(uint8_t *data, size_t size);

  // Whether a fragmented file has media. After a kill it may have a header only.
  static bool has_fragments(const std::string &file);
  // Why a finished file cannot be played, as the rest of a sentence; empty if it can: players
  // refuse a file without a header, or with a track that is not described.
  static std::string problem_of(int fd);

 private:
  struct Track {
    std::atomic<GstClockTime> start{GST_CLOCK_TIME_NONE};  // running time of the first buffer
    uint32_t timescale = 0;
    bool begun = false;   // a fragment of the track is written
    uint64_t offset = 0;  // what must be added to its times
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// What a Matroska file needs so that players can seek in it, where matroskamux leaves it out.
#pragma once

#include "gst.h"

#include <cstdint>
#include <vector>

namespace rtms::recorder {

// matroskamux flags the keyframes of video only, and without a video track, of a second track of
// audio it writes no Cues. Follows what it writes on its source pad, sets the flag in each block of
// another track than video, and writes the Cues behind the rest where there are none. Used by the
// muxer's thread.
class MkvIndex {
 public:
  static void attach(GstPad *muxed);

 private:
  struct Track {
    uint8_t number, type;
  };
  struct Cue {
    uint64_t time, position;  // in the file's units; of the cluster in the segment
  };

  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void event(GstPad *pad, GstEvent *event);
  BufferPtr buffer(BufferPtr buffer);
  void header(GstBuffer *buffer);
  void cluster(const uint8_t *data, size_t size);
  BufferPtr block(BufferPtr buffer, const uint8_t *start, size_t size);
  bool is_video(uint8_t track) const;
  std::vector<uint8_t> cues() const;
  void write_cues(GstPad *pad);

  uint64_t position_ = 0, end_ = 0;
  uint64_t segment_ = 0;     // where the segment's content begins; 0: it did not yet
  uint64_t seek_entry_ = 0;  // the place of the Cues' entry in the SeekHead; 0: there is none
  uint64_t block_end_ = 0;   // what is before it is a block's payload
  std::vector<Track> tracks_;
  std::vector<Cue> cues_;
  bool has_cues_ = false, done_ = false;
};

}  // namespace rtms::recorder

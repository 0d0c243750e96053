// SPDX-License-Identifier: LGPL-2.1-or-later
// Completes a Matroska file so that players can seek in it.
#pragma once

#include "common/gst.h"
#include "latelines.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace rtms::recorder {

// matroskamux marks keyframes of video only, and its Cues cover video only, or a single audio
// track. This class follows the output of its source pad, marks the blocks of other tracks as
// keyframes, writes late transcript lines into reserved blocks, and appends Cues of all tracks.
// Used on the muxer's thread.
class MkvIndex {
 public:
  static void attach(GstPad *muxed, std::shared_ptr<LateLines> late);

 private:
  explicit MkvIndex(std::shared_ptr<LateLines> late) : late_(std::move(late)) {}
  struct Track {
    uint8_t number, type;
    bool has_cue = false;
    uint64_t last_cue = 0;
  };
  struct Cue {
    uint64_t time, position;  // in ms; of the cluster in the segment
    uint8_t track;
  };

  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void event(GstPad *pad, GstEvent *event);
  BufferPtr buffer(BufferPtr buffer);
  void header(GstBuffer *buffer);
  void cluster(const uint8_t *data, size_t size);
  BufferPtr block(BufferPtr buffer, const uint8_t *start, size_t size);
  BufferPtr group(BufferPtr buffer, const uint8_t *content, size_t size);
  Track *track_of(const uint8_t *block, size_t size);
  uint64_t time_of(const uint8_t *block) const;
  bool is_behind_all() const { return position_ >= end_ && position_ >= block_end_; }
  void write_late(GstPad *pad);
  void add_cue(Track *track, uint64_t time);
  static BufferPtr without_cues(BufferPtr buffer);
  std::vector<uint8_t> cues() const;
  void write_cues(GstPad *pad);

  const std::shared_ptr<LateLines> late_;
  uint64_t position_ = 0, end_ = 0;
  uint64_t segment_ = 0;     // begin of the segment's content; 0: not written yet
  uint64_t seek_entry_ = 0;  // position of the Cues' entry in the SeekHead; 0: none
  uint64_t block_end_ = 0;   // end of the payload of the current block
  std::vector<Track> tracks_;
  uint64_t cluster_time_ = 0, cluster_position_ = 0;
  std::vector<Cue> cues_;
  bool done_ = false;
};

}  // namespace rtms::recorder

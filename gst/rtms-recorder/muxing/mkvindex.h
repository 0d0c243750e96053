// SPDX-License-Identifier: LGPL-2.1-or-later
// What a Matroska file needs so that players can seek in it, where matroskamux leaves it out.
#pragma once

#include "common/gst.h"
#include "latelines.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace rtms::recorder {

// matroskamux flags the keyframes of video only, and its Cues are of video only, or of one track of
// audio that is alone. Follows what it writes on its source pad, sets the flag in each block of
// another track than video, writes late lines of the transcript into reserved blocks, and Cues of
// all tracks behind the rest. Used by the muxer's thread.
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
  uint64_t segment_ = 0;     // where the segment's content begins; 0: it did not yet
  uint64_t seek_entry_ = 0;  // the place of the Cues' entry in the SeekHead; 0: there is none
  uint64_t block_end_ = 0;   // what is before it is a block's payload
  std::vector<Track> tracks_;
  uint64_t cluster_time_ = 0, cluster_position_ = 0;
  std::vector<Cue> cues_;
  bool done_ = false;
};

}  // namespace rtms::recorder

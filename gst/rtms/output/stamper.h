// SPDX-License-Identifier: LGPL-2.1-or-later
// Where one pad's buffers are in time.
#pragma once

#include "media/audioalign.h"
#include "media/gstptr.h"
#include "media/track.h"
#include "protocol/types.h"

namespace rtms {

struct OutputContext;

// Used on the loop thread.
class Stamper {
 public:
  Stamper(OutputContext *context, Media media);

  // Timestamp, duration, DISCONT and the time of capture.
  void stamp(GstBuffer *buffer, const MediaData &data);
  // The time line has a new mapping.
  void remapped() { track_.resume(); }
  // What comes next does not follow what came before.
  void interrupt() { discont_ = true; }

 private:
  GstClockTime position_of(const MediaData &data, int64_t captured_ms);
  void align(GstBuffer *buffer);
  void count(int64_t captured_ms, const GstBuffer *buffer);

  OutputContext *context_;
  const Media media_;
  Track track_;
  AudioAlign align_;
  bool discont_ = false;
};

}  // namespace rtms

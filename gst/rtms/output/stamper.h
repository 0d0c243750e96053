// SPDX-License-Identifier: LGPL-2.1-or-later
// Where one pad's buffers are in time.
#pragma once

#include "media/audioalign.h"
#include "media/gstptr.h"
#include "pad/gstrtmssrcpad.h"
#include "protocol/types.h"
#include "time/track.h"

#include <optional>

namespace rtms {

struct OutputContext;

// Used on the loop thread.
class Stamper {
 public:
  // `participant`: the pad is one participant's own; for logs: the pad.
  Stamper(OutputContext *context, Media media, bool participant, GstRtmsSrcPad *pad);

  // Timestamp, duration, DISCONT and the time of capture.
  void stamp(GstBuffer *buffer, const MediaData &data);
  // What the time line is to be anchored with for this message; nothing where it need not be.
  std::optional<int64_t> anchor_ms(const MediaData &data);
  // The connection was lost.
  void lost() { track_.lost(); }
  // What comes next does not follow what came before.
  void interrupt() { discont_ = true; }

 private:
  int64_t start_ms(const MediaData &data, int64_t captured_ms) const;
  void tell(const TimeDecision &decision);
  void align(GstBuffer *buffer);
  void count(int64_t captured_ms, const GstBuffer *buffer);

  OutputContext *context_;
  const Media media_;
  GstRtmsSrcPad *const pad_;
  Track track_;
  AudioAlign align_;
  bool discont_ = false;
};

}  // namespace rtms

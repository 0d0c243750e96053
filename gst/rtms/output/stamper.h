// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets the timestamps of one pad's buffers.
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
  // `participant`: the pad is one participant's own. `pad` is for logs.
  Stamper(OutputContext *context, Media media, bool participant, GstRtmsSrcPad *pad);

  // Sets timestamp, duration, DISCONT and capture time.
  void stamp(GstBuffer *buffer, const MediaData &data);
  // Returns the timestamp to anchor the time line with; nothing if no anchor is due.
  std::optional<int64_t> anchor_ms(const MediaData &data);
  // The connection was lost.
  void lost() { track_.lost(); }
  // Following media do not continue the media before.
  void interrupt() { discont_ = true; }

 private:
  int64_t start_ms(const MediaData &data, int64_t captured_ms) const;
  void tell(const TimeDecision &decision);
  void align(GstBuffer *buffer, int64_t raised_ns);
  void count(int64_t captured_ms, const GstBuffer *buffer);

  OutputContext *context_;
  const Media media_;
  GstRtmsSrcPad *const pad_;
  Track track_;
  AudioAlign align_;
  bool discont_ = false;
};

}  // namespace rtms

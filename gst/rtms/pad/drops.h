// SPDX-License-Identifier: LGPL-2.1-or-later
// Reports the buffers that a full queue dropped.
#pragma once

#include "gstrtmssrcpad.h"
#include "protocol/types.h"
#include "stats.h"

namespace rtms {

// Used on the loop thread.
class Drops {
 public:
  // `running_time_of`: converts a position to running time.
  Drops(GstElement *element, Media media, MediaStats *stats,
        std::function<GstClockTime(GstClockTime)> running_time_of)
      : element_(element),
        media_(media),
        stats_(stats),
        running_time_of_(std::move(running_time_of)) {}

  // Is called with the result of each push into the pad's queue, at that monotonic time.
  void note(GstRtmsSrcPad *pad, const Queue::Result &result, int64_t now_us);
  // Posts the pending QOS message; no more buffers follow.
  void finish();

 private:
  void count(GstRtmsSrcPad *pad, const Queue::Result &result);
  void post_qos() const;
  void post_warning(GstRtmsSrcPad *pad, const Queue::Result &result) const;

  GstElement *element_;
  const Media media_;
  MediaStats *stats_;
  const std::function<GstClockTime(GstClockTime)> running_time_of_;
  bool overflowing_ = false;
  uint64_t dropped_ = 0, enqueued_ = 0;
  Queue::Result untold_;  // drops for the next QOS message
  int64_t next_qos_us_ = 0;
};

}  // namespace rtms

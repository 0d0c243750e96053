// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells of what a full queue has dropped.
#pragma once

#include "gstrtmssrcpad.h"
#include "protocol/types.h"
#include "stats.h"

namespace rtms {

// Used on the loop thread.
class Drops {
 public:
  // `running_time_of`: where a position plays.
  Drops(GstElement *element, Media media, MediaStats *stats,
        std::function<GstClockTime(GstClockTime)> running_time_of)
      : element_(element),
        media_(media),
        stats_(stats),
        running_time_of_(std::move(running_time_of)) {}

  // What became of a buffer on its way into the pad's queue, at that monotonic time.
  void note(GstRtmsSrcPad *pad, const Queue::Result &result, int64_t now_us);
  // Nothing more comes: what is not told yet is told now.
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
  Queue::Result untold_;  // what the next QOS message is about
  int64_t next_qos_us_ = 0;
};

}  // namespace rtms

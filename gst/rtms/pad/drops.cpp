// SPDX-License-Identifier: LGPL-2.1-or-later
#include "drops.h"

#include <algorithm>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

// The bus may not be read: a message per drop could use more memory than the queue.
constexpr int64_t kQosInterval_us = G_USEC_PER_SEC;

}  // namespace

void Drops::note(GstRtmsSrcPad *pad, const Queue::Result &result, int64_t now_us) {
  ++enqueued_;
  if (result.dropped)
    count(pad, result);
  else if (overflowing_)
    overflowing_ = gst_rtms_src_pad_is_half_full(pad);
  if (untold_.dropped && now_us >= next_qos_us_) {
    finish();
    next_qos_us_ = now_us + kQosInterval_us;
  }
}

void Drops::finish() {
  if (untold_.dropped)
    post_qos();
  untold_ = {};
}

void Drops::count(GstRtmsSrcPad *pad, const Queue::Result &result) {
  stats_->dropped += result.dropped;
  dropped_ += result.dropped;
  GST_DEBUG_OBJECT(pad, "dropped %u from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT ": %s",
                   result.dropped, GST_TIME_ARGS(result.from), GST_TIME_ARGS(result.to),
                   result.overflow ? "the queue is full" : "a keyframe is missing before it");
  if (!result.overflow)
    return;
  ++stats_->discontinuities;
  // Replayed media are older than what was dropped before.
  untold_.from = untold_.dropped ? std::min(untold_.from, result.from) : result.from;
  untold_.to = untold_.dropped ? std::max(untold_.to, result.to) : result.to;
  untold_.dropped += result.dropped;
  if (!std::exchange(overflowing_, true))
    post_warning(pad, result);
}

void Drops::post_qos() const {
  GstMessage *qos = gst_message_new_qos(GST_OBJECT(element_), TRUE, running_time_of_(untold_.from),
                                        untold_.from, untold_.from, untold_.to - untold_.from);
  gst_message_set_qos_stats(qos, GST_FORMAT_BUFFERS, enqueued_ - dropped_, dropped_);
  gst_element_post_message(element_, qos);
}

void Drops::post_warning(GstRtmsSrcPad *pad, const Queue::Result &result) const {
  char *text = g_strdup_printf(
      "The pipeline takes the %s too slowly: %u buffers dropped so far. Make the elements behind "
      "pad %s faster, or raise max-queue-bytes or max-queue-time.",
      media_nick(media_), result.dropped, GST_PAD_NAME(pad));
  gst_element_message_full_with_details(
      element_, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, text,
      nullptr, __FILE__, GST_FUNCTION, __LINE__,
      gst_structure_new("details", "pad", G_TYPE_STRING, GST_PAD_NAME(pad), "dropped", G_TYPE_UINT,
                        result.dropped, "from", G_TYPE_UINT64, result.from, "to", G_TYPE_UINT64,
                        result.to, nullptr));
}

}  // namespace rtms

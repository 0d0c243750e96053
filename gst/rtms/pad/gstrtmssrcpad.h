// SPDX-License-Identifier: LGPL-2.1-or-later
// One output of rtmssrc: a bounded queue and the task that pushes it downstream.
#pragma once

#include "media/picturesize.h"
#include "padthread.h"
#include "queue.h"

#include <gst/gst.h>
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

G_BEGIN_DECLS

#define GST_TYPE_RTMS_SRC_PAD (gst_rtms_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstRtmsSrcPad, gst_rtms_src_pad, GST, RTMS_SRC_PAD, GstPad)

G_END_DECLS

namespace rtms {

struct PadLatency {
  std::atomic<GstClockTime> min{0};
  GstClockTime queue_time = 0;  // 0: no limit
  GstClockTime round = 0;       // by how much messages may be read late
  GstClockTime batch = 0;       // how long buffers wait to be pushed together
  GstClockTime least() const { return min + round + batch; }
  GstClockTime max() const {
    const bool limited = queue_time && queue_time < GST_CLOCK_TIME_NONE - least();
    return limited ? least() + queue_time : GST_CLOCK_TIME_NONE;
  }
  void answer(GstQuery *query) const { gst_query_set_latency(query, TRUE, least(), max()); }
};

struct PadConfig {
  Queue::Policy policy = Queue::Policy::Oldest;
  Queue::Limits limits;
  // The least distance between two late buffers that were moved.
  GstClockTime step = 0;
  // How long the pad has no buffer before it sends a GAP, in ms.
  unsigned gap_after_ms = 250;
  // Buffers that arrive within this time are pushed together.
  unsigned batch_ms = 0;
  // Pushes for all pads of the element; null: the pad has a task of its own.
  std::shared_ptr<PadThread> thread;
  GstGapFlags gap_flags{};
  // The caps are final: a new link gets them before there is data.
  bool early_caps = false;
  // Video: pauses between frames mean that the picture does not change, until it is turned off.
  bool still = false;
  // The first data may come late: an empty GAP at the start lets sinks preroll at once.
  bool sparse = false;
  // Sends black video frames when the stream has none for long, or is turned off.
  bool fill_black = false;

  // The streaming task, or the thread that links the pad, calls these without any lock held.

  // Returns the running time up to which no more buffers will arrive; GST_CLOCK_TIME_NONE if that
  // is unknown.
  std::function<GstClockTime()> certain_time;
  // A late buffer was dropped.
  std::function<void()> too_late;
  // The result of a push changed.
  std::function<void()> flow_changed;
  // Downstream has received EOS.
  std::function<void()> ended;
  // SELECT_STREAMS arrived; on any thread, with the pad's mutex held: it only posts.
  std::function<void(EventPtr)> select;

  // The answer to LATENCY queries, valid on any thread, even after the run.
  std::shared_ptr<PadLatency> latency;
};

struct PadLevel {
  uint64_t bytes = 0;
  uint64_t time_ns = 0;
};

}  // namespace rtms

// Returns a new, active pad with a running task. Its sticky events must be pushed before it is
// added to the element.
GstRtmsSrcPad *gst_rtms_src_pad_new(GstPadTemplate *templ, const char *name,
                                    rtms::PadConfig config);

// Both take ownership and never block. Any thread may call them, but only one adds buffers. It
// calls wake() after a burst: waking the task for each buffer would cost more than all other work.

rtms::Queue::Result gst_rtms_src_pad_enqueue(GstRtmsSrcPad *pad, rtms::BufferPtr buffer);
void gst_rtms_src_pad_wake(GstRtmsSrcPad *pad);
void gst_rtms_src_pad_enqueue_event(GstRtmsSrcPad *pad, rtms::EventPtr event);

// The next buffer gets DISCONT; video continues with a keyframe.
void gst_rtms_src_pad_interrupt(GstRtmsSrcPad *pad);

// No GAP is sent before that monotonic time, in µs.
void gst_rtms_src_pad_hold_gaps(GstRtmsSrcPad *pad, gint64 until_us);

// Sets the format of black frames; a size of 0 disables them.
void gst_rtms_src_pad_set_black(GstRtmsSrcPad *pad, const rtms::PictureSize &size);
// The camera is off, or the share is over, so that black is due, if enabled; or on again.
void gst_rtms_src_pad_turn(GstRtmsSrcPad *pad, bool on);

// Returns the result of the last push; GST_FLOW_OK again after a new link.
GstFlowReturn gst_rtms_src_pad_get_flow(GstRtmsSrcPad *pad);

// Whether the pad has finished: EOS was pushed, or is queued on a pad that was never linked.
bool gst_rtms_src_pad_is_over(GstRtmsSrcPad *pad);

// gst_pad_is_linked() without the pad's lock, for which the pushing task competes. A pad that was
// linked counts as linked until a push fails: an application may exchange what follows a blocked
// pad.
bool gst_rtms_src_pad_is_linked(GstRtmsSrcPad *pad);

rtms::PadLevel gst_rtms_src_pad_get_level(GstRtmsSrcPad *pad);
// Whether the queue is filled to more than half of a limit.
bool gst_rtms_src_pad_is_half_full(GstRtmsSrcPad *pad);

// Ends the streaming tasks of pads before deactivation, all at once. A push in progress gets 300 ms
// to finish; then the pad is flushed.
void gst_rtms_src_pads_stop(const std::vector<GstRtmsSrcPad *> &pads);

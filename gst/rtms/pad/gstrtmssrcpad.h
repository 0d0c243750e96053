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
  GstClockTime queue_time = 0;  // 0: no bound
  GstClockTime batch = 0;       // for which buffers wait to be pushed together
  GstClockTime max() const { return queue_time ? min + batch + queue_time : GST_CLOCK_TIME_NONE; }
  void answer(GstQuery *query) const { gst_query_set_latency(query, TRUE, min + batch, max()); }
};

struct PadConfig {
  Queue::Policy policy = Queue::Policy::Oldest;
  Queue::Limits limits;
  // The least distance between two buffers that were moved, for they came too late.
  GstClockTime step = 0;
  // How long it is silent before it says so with a GAP, in ms.
  unsigned gap_after_ms = 250;
  // What comes within that time is pushed together.
  unsigned batch_ms = 0;
  // Pushes for all pads of the element; null: the pad has a task of its own.
  std::shared_ptr<PadThread> thread;
  GstGapFlags gap_flags{};
  // Where it is silent for long, or turned off, it shows black.
  bool fill_black = false;

  // The callbacks come from the pad's streaming task or whoever links it, without any lock held.

  // The running time up to which it is certain that nothing more will come; GST_CLOCK_TIME_NONE
  // where that cannot be told now.
  std::function<GstClockTime()> certain_time;
  // A buffer came so late that it has no place.
  std::function<void()> too_late;
  // The result of a push changed.
  std::function<void()> flow_changed;
  // EOS has gone through what follows the pad.
  std::function<void()> ended;
  // SELECT_STREAMS came; on whatever thread.
  std::function<void(EventPtr)> select;

  // What a LATENCY query gets. Any thread may ask, even when the run is over.
  std::shared_ptr<PadLatency> latency;
};

struct PadLevel {
  uint64_t bytes = 0;
  uint64_t time_ns = 0;
};

}  // namespace rtms

// A new pad, active and with its task running; its sticky events are to be pushed before it is
// added to the element.
GstRtmsSrcPad *gst_rtms_src_pad_new(GstPadTemplate *templ, const char *name,
                                    rtms::PadConfig config);

// Both take what they are given, and never block. Any thread; buffers come from one, which wakes
// the task when it has no more of them: a task that wakes for each one of a burst costs more than
// all the rest.

rtms::Queue::Result gst_rtms_src_pad_enqueue(GstRtmsSrcPad *pad, rtms::BufferPtr buffer);
void gst_rtms_src_pad_wake(GstRtmsSrcPad *pad);
void gst_rtms_src_pad_enqueue_event(GstRtmsSrcPad *pad, rtms::EventPtr event);

// What comes next does not follow what came before.
void gst_rtms_src_pad_interrupt(GstRtmsSrcPad *pad);

// No GAP goes out before that monotonic time, in us.
void gst_rtms_src_pad_hold_gaps(GstRtmsSrcPad *pad, gint64 until_us);

// What black frames look like; none of a size that is 0.
void gst_rtms_src_pad_set_black(GstRtmsSrcPad *pad, const rtms::PictureSize &size);
// The camera is off, or the share is over: where the pad fills, black is due.
void gst_rtms_src_pad_turn_off(GstRtmsSrcPad *pad);

// What the last push returned; GST_FLOW_OK again after a new link.
GstFlowReturn gst_rtms_src_pad_get_flow(GstRtmsSrcPad *pad);

// Whether nothing more comes out of the pad: EOS has gone through, or leads nowhere.
bool gst_rtms_src_pad_is_over(GstRtmsSrcPad *pad);

// gst_pad_is_linked() without the pad's lock, which the task holds again and again while it pushes.
bool gst_rtms_src_pad_is_linked(GstRtmsSrcPad *pad);

rtms::PadLevel gst_rtms_src_pad_get_level(GstRtmsSrcPad *pad);
// Whether more than half of a limit is taken.
bool gst_rtms_src_pad_is_half_full(GstRtmsSrcPad *pad);

// Ends the streaming tasks of pads that are going to be deactivated. All are told at once: what is
// in the middle of a push gets a moment to finish; what is blocked for longer is flushed.
void gst_rtms_src_pads_stop(const std::vector<GstRtmsSrcPad *> &pads);

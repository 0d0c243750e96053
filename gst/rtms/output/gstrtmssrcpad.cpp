// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gstrtmssrcpad.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

GST_DEBUG_CATEGORY_STATIC(gst_rtms_src_pad_debug);
#define GST_CAT_DEFAULT gst_rtms_src_pad_debug

namespace {

using namespace std::chrono_literals;

// A pad that goes on having nothing to say says so this often.
constexpr auto kGapInterval = 250ms;
constexpr GstClockTime kMinGap = 100 * GST_MSECOND;
constexpr auto kPushTimeout = 300ms;
constexpr size_t kCacheLine = 64;

}  // namespace

namespace rtms {

// In cache lines by who writes: what the loop thread reads of each buffer's pad is not fetched anew
// because the streaming task wrote beside it.
struct PadState {
  explicit PadState(PadConfig c) : config(std::move(c)), queue(config.policy, config.limits) {}

  const PadConfig config;
  GstRtmsSrcPad *pad = nullptr;

  // What the last push returned.
  std::atomic<GstFlowReturn> flow{GST_FLOW_OK};
  std::atomic<bool> linked{false};  // written with `mutex`

  // `mutex` guards the next six, and the start of the task and the look at the link, which take the
  // pad's lock. Nothing else is called with it held.
  alignas(kCacheLine) std::mutex mutex;
  std::condition_variable changed;
  Queue queue;
  bool flushing = true;
  bool eos = false;  // an EOS event is in the queue, or has been
  bool pushing = false;

  // The streaming task's own.
  alignas(kCacheLine) GstSegment segment{};
  GstClockTime end = GST_CLOCK_TIME_NONE;  // running time of the end of what was pushed
  bool silent = false;                     // a GAP was the last
};

}  // namespace rtms

using rtms::BufferPtr;
using rtms::EventPtr;
using rtms::PadState;

struct _GstRtmsSrcPad {
  GstPad parent;
  PadState *state;
};

G_DEFINE_TYPE_WITH_CODE(GstRtmsSrcPad, gst_rtms_src_pad, GST_TYPE_PAD,
                        GST_DEBUG_CATEGORY_INIT(gst_rtms_src_pad_debug, "rtmssrcpad", 0,
                                                "rtmssrc output"))

namespace {

void set_flow(GstRtmsSrcPad *self, GstFlowReturn flow) {
  PadState *state = self->state;
  if (flow == state->flow)
    return;
  GST_DEBUG_OBJECT(self, "flow is now %s", gst_flow_get_name(flow));
  state->flow = flow;
  // Flushing concerns this pad alone, and passes with its deactivation.
  if (flow != GST_FLOW_FLUSHING)
    state->config.flow_changed();
}

void advance(PadState *state, GstClockTime position, GstClockTime duration) {
  const GstClockTime start =
      gst_segment_to_running_time(&state->segment, GST_FORMAT_TIME, position);
  if (!GST_CLOCK_TIME_IS_VALID(start))
    return;
  const GstClockTime end = GST_CLOCK_TIME_IS_VALID(duration) ? start + duration : start;
  if (!GST_CLOCK_TIME_IS_VALID(state->end) || end > state->end)
    state->end = end;
}

void push_buffer(GstRtmsSrcPad *self, BufferPtr buffer) {
  PadState *state = self->state;
  advance(state, GST_BUFFER_PTS(buffer.get()), GST_BUFFER_DURATION(buffer.get()));
  GST_TRACE_OBJECT(self, "pushing %" GST_PTR_FORMAT, buffer.get());
  set_flow(self, gst_pad_push(GST_PAD(self), buffer.release()));
}

void push_event(GstRtmsSrcPad *self, EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT)
    gst_event_copy_segment(event.get(), &self->state->segment);
  GST_DEBUG_OBJECT(self, "pushing %" GST_PTR_FORMAT, event.get());
  gst_pad_push_event(GST_PAD(self), event.release());
}

// Up to a running time, from where the pad is.
void push_gap(GstRtmsSrcPad *self, GstClockTime certain, GstClockTime least) {
  PadState *state = self->state;
  if (!GST_CLOCK_TIME_IS_VALID(certain) || !gst_pad_is_linked(GST_PAD(self)))
    return;
  const GstClockTime start = GST_CLOCK_TIME_IS_VALID(state->end)
                                 ? std::max(state->end, state->segment.base)
                                 : state->segment.base;
  if (certain < start + least)
    return;
  const guint64 position =
      gst_segment_position_from_running_time(&state->segment, GST_FORMAT_TIME, start);
  if (!GST_CLOCK_TIME_IS_VALID(position))
    return;
  state->end = certain;
  EventPtr gap(gst_event_new_gap(position, certain - start));
  gst_event_set_gap_flags(gap.get(), state->config.gap_flags);
  push_event(self, std::move(gap));
}

// Parsers and encoders name their caps at the first data, of which a GAP is a kind: without any, a
// muxer knows nothing of the track, and some write a file then that nothing can read.
void push_eos(GstRtmsSrcPad *self, EventPtr eos) {
  PadState *state = self->state;
  if (!GST_CLOCK_TIME_IS_VALID(state->end))
    push_gap(self, state->segment.base + kMinGap, 0);
  push_event(self, std::move(eos));
}

// With `mutex` held: what was taken from the queue has been pushed. Only who flushes waits for
// that.
void pushed(PadState *state) {
  state->pushing = false;
  if (state->flushing)
    state->changed.notify_all();
}

// What to do next, taken from the queue when what was before is done.
enum class Next { Item, Gap, Stop };

Next wait_for_next(PadState *state, BufferPtr *buffer, EventPtr *event) {
  std::unique_lock<std::mutex> lock(state->mutex);
  pushed(state);
  const auto ready = [&] { return state->flushing || !state->queue.empty(); };
  bool woken = ready();
  if (!woken)  // only then the clock is asked
    woken = state->changed.wait_for(
        lock, state->silent ? kGapInterval : std::chrono::milliseconds(state->config.gap_after_ms),
        ready);
  if (state->flushing)
    return Next::Stop;
  state->pushing = true;
  state->silent = !woken;
  if (!woken)
    return Next::Gap;
  state->queue.pop(buffer, event);
  return Next::Item;
}

void loop(gpointer data) {
  auto state = static_cast<PadState *>(data);
  BufferPtr buffer;
  EventPtr event;
  bool over = false;
  const Next next = wait_for_next(state, &buffer, &event);
  GstRtmsSrcPad *self = state->pad;
  switch (next) {
    case Next::Item:
      over = event && GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
      if (buffer)
        push_buffer(self, std::move(buffer));
      else if (over)
        push_eos(self, std::move(event));
      else
        push_event(self, std::move(event));
      break;
    case Next::Gap:
      push_gap(self, state->config.certain_time(), kMinGap);
      break;
    case Next::Stop:
      over = true;
      break;
  }
  if (over) {
    gst_pad_pause_task(GST_PAD(self));
    std::lock_guard<std::mutex> lock(state->mutex);
    pushed(state);
  }
}

// A pad that leads nowhere has no thread: events wait for its link.
void start_task(GstRtmsSrcPad *self) {
  if (gst_pad_is_linked(GST_PAD(self)))
    gst_pad_start_task(GST_PAD(self), loop, self->state, nullptr);
}

void start(GstRtmsSrcPad *self) {
  PadState *state = self->state;
  std::lock_guard<std::mutex> lock(state->mutex);
  gst_segment_init(&state->segment, GST_FORMAT_TIME);
  state->flushing = false;
  start_task(self);
}

// It was linked, or unlinked. Two threads may do so at once: what counts is how it is now.
void link_changed(GstPad *pad, GstPad *) {
  PadState *state = GST_RTMS_SRC_PAD(pad)->state;
  std::lock_guard<std::mutex> lock(state->mutex);
  state->linked = gst_pad_is_linked(pad);
  if (!state->flushing)
    start_task(GST_RTMS_SRC_PAD(pad));
}

// The queue is flushed first: stopping the task waits for it. What is in the middle of a push gets
// a moment to finish; a pipeline that blocks for longer is flushed, too.
void stop(GstRtmsSrcPad *self) {
  PadState *state = self->state;
  bool blocked = false;
  {
    std::unique_lock<std::mutex> lock(state->mutex);
    state->flushing = true;
    state->queue.clear();
    state->changed.notify_all();
    blocked = !state->changed.wait_for(lock, kPushTimeout, [&] { return !state->pushing; });
  }
  if (blocked)
    gst_pad_push_event(GST_PAD(self), gst_event_new_flush_start());
  gst_pad_stop_task(GST_PAD(self));
}

gboolean activate_mode(GstPad *pad, GstObject *, GstPadMode mode, gboolean active) {
  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (active)
    start(GST_RTMS_SRC_PAD(pad));
  else
    stop(GST_RTMS_SRC_PAD(pad));
  return TRUE;
}

gboolean query(GstPad *pad, GstObject *parent, GstQuery *q) {
  if (GST_QUERY_TYPE(q) != GST_QUERY_LATENCY)
    return gst_pad_query_default(pad, parent, q);
  PadState *state = GST_RTMS_SRC_PAD(pad)->state;
  // Any thread may ask: what the pad was made with is seen with its lock.
  std::lock_guard<std::mutex> lock(state->mutex);
  state->config.latency->answer(q);
  return TRUE;
}

gboolean upstream_event(GstPad *pad, GstObject *, GstEvent *event) {
  // Nothing can be done about these, and nothing need be. Others, a seek above all, are refused.
  const GstEventType type = GST_EVENT_TYPE(event);
  gst_event_unref(event);
  // It comes with each new link: another branch may take what the last one refused.
  if (type == GST_EVENT_RECONFIGURE)
    GST_RTMS_SRC_PAD(pad)->state->flow = GST_FLOW_OK;
  return type == GST_EVENT_LATENCY || type == GST_EVENT_QOS || type == GST_EVENT_RECONFIGURE;
}

}  // namespace

static void gst_rtms_src_pad_init(GstRtmsSrcPad *self) {
  gst_pad_set_activatemode_function(GST_PAD(self), activate_mode);
  gst_pad_set_query_function(GST_PAD(self), query);
  gst_pad_set_event_function(GST_PAD(self), upstream_event);
  gst_pad_use_fixed_caps(GST_PAD(self));
}

static void gst_rtms_src_pad_finalize(GObject *object) {
  delete GST_RTMS_SRC_PAD(object)->state;
  G_OBJECT_CLASS(gst_rtms_src_pad_parent_class)->finalize(object);
}

static void gst_rtms_src_pad_class_init(GstRtmsSrcPadClass *klass) {
  G_OBJECT_CLASS(klass)->finalize = gst_rtms_src_pad_finalize;
  GST_PAD_CLASS(klass)->linked = link_changed;
  GST_PAD_CLASS(klass)->unlinked = link_changed;
}

GstRtmsSrcPad *gst_rtms_src_pad_new(GstPadTemplate *templ, const char *name,
                                    rtms::PadConfig config) {
  auto self = GST_RTMS_SRC_PAD(g_object_new(GST_TYPE_RTMS_SRC_PAD, "name", name, "direction",
                                            GST_PAD_SRC, "template", templ, nullptr));
  self->state = new PadState(std::move(config));
  self->state->pad = self;
  gst_pad_set_active(GST_PAD(self), TRUE);
  return self;
}

rtms::Queue::Result gst_rtms_src_pad_enqueue(GstRtmsSrcPad *self, BufferPtr buffer) {
  PadState *state = self->state;
  std::lock_guard<std::mutex> lock(state->mutex);
  if (state->flushing || state->eos)
    return {};
  return state->queue.push(std::move(buffer));
}

void gst_rtms_src_pad_wake(GstRtmsSrcPad *self) {
  self->state->changed.notify_one();
}

void gst_rtms_src_pad_enqueue_event(GstRtmsSrcPad *self, EventPtr event) {
  PadState *state = self->state;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    if (state->flushing || state->eos)
      return;
    state->eos = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
    state->queue.push(std::move(event));
  }
  state->changed.notify_one();
}

void gst_rtms_src_pad_interrupt(GstRtmsSrcPad *self) {
  std::lock_guard<std::mutex> lock(self->state->mutex);
  self->state->queue.interrupt();
}

rtms::PadLevel gst_rtms_src_pad_get_level(GstRtmsSrcPad *self) {
  std::lock_guard<std::mutex> lock(self->state->mutex);
  return {self->state->queue.bytes(), self->state->queue.time_ns()};
}

GstFlowReturn gst_rtms_src_pad_get_flow(GstRtmsSrcPad *self) {
  return self->state->flow;
}

bool gst_rtms_src_pad_is_linked(GstRtmsSrcPad *self) {
  return self->state->linked;
}

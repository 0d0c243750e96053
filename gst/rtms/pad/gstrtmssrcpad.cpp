// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gstrtmssrcpad.h"

#include "padpush.h"
#include "padstate.h"

#include <mutex>

GST_DEBUG_CATEGORY(gst_rtms_output_debug);  // of the rooms pad and output
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace {

using namespace std::chrono_literals;

// How long a push in progress may take to finish, and then to be flushed.
constexpr auto kPushTimeout = 300ms, kFlushTimeout = 100ms;

}  // namespace

using rtms::BufferPtr;
using rtms::EventPtr;
using rtms::PadPtr;
using rtms::PadQueue;
using rtms::PadState;
using rtms::PadThread;

struct _GstRtmsSrcPad {
  GstPad parent;
  PadState *state;
};

G_DEFINE_TYPE_WITH_CODE(GstRtmsSrcPad, gst_rtms_src_pad, GST_TYPE_PAD,
                        GST_DEBUG_CATEGORY_INIT(gst_rtms_output_debug, "rtms-output", 0,
                                                "RTMS pads"))

namespace {

// GStreamer 1.22 takes a task without a thread for a running one, and waits for it; another start
// of the same task would do nothing.
void forget_task(GstPad *pad) {
  GST_OBJECT_LOCK(pad);
  if (GstTask *task = GST_PAD_TASK(pad)) {
    GST_OBJECT_LOCK(task);
    task->running = FALSE;
    GST_OBJECT_UNLOCK(task);
  }
  GST_OBJECT_UNLOCK(pad);
  gst_pad_stop_task(pad);
}

void no_thread(GstRtmsSrcPad *self) {
  forget_task(GST_PAD(self));
  if (GstElement *element = gst_pad_get_parent_element(GST_PAD(self))) {
    GST_ELEMENT_WARNING(element, RESOURCE, FAILED,
                        ("No thread could be created for pad %s, which pushes no data. Raise the "
                         "limit of threads, or link fewer pads.",
                         GST_PAD_NAME(self)),
                        (nullptr));
    gst_object_unref(element);
  }
  self->state->config.flow_changed();
}

void stop_task(GstRtmsSrcPad *self) {
  if (self->state->config.thread)
    self->state->config.thread->remove(GST_PAD(self));
  else
    gst_pad_stop_task(GST_PAD(self));
}

// An unlinked pad has no thread: events wait for its link. Starting a task posts a message, so no
// lock is held; a thread that stops the pad meanwhile may have stopped it before the start.
void start_task(GstRtmsSrcPad *self) {
  if (!gst_pad_is_linked(GST_PAD(self)) || self->state->queue.is_stopping())
    return;
  PadState *state = self->state;
  PadThread *shared = state->config.thread.get();
  state->threadless = shared
                          ? !shared->add(GST_PAD(self), [state] { return rtms::push_turn(state); })
                          : !gst_pad_start_task(GST_PAD(self), rtms::push_loop, state, nullptr);
  state->was_linked = true;
  if (state->threadless)
    no_thread(self);
  else if (state->queue.is_stopping())
    stop_task(self);
}

void start(GstRtmsSrcPad *self) {
  {
    std::lock_guard<std::mutex> lock(self->state->mutex);
    self->state->position.reset();
    self->state->selectable = true;
  }
  self->state->quiet_since = std::chrono::steady_clock::now();
  self->state->queue.start();
  start_task(self);
}

// Is called after linking and unlinking, perhaps on two threads at once: the current state counts.
void link_changed(GstPad *pad, GstPad *) {
  PadState *state = GST_RTMS_SRC_PAD(pad)->state;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    state->linked = gst_pad_is_linked(pad);
  }
  if (state->linked && state->config.early_caps)
    state->queue.expect_caps();
  start_task(GST_RTMS_SRC_PAD(pad));
}

void unlinked(GstPad *pad, GstPad *peer) {
  PadState *state = GST_RTMS_SRC_PAD(pad)->state;
  // A push that waits in a probe of the pad has not reached the peer.
  if (!gst_pad_is_blocking(pad)) {
    std::lock_guard<std::mutex> lock(state->mutex);
    state->left.set(state->queue.push_in_progress(), peer);
  }
  link_changed(pad, peer);
}

// The push in progress may be in a peer that was unlinked: no event of the pad gets there.
void start_flush(GstRtmsSrcPad *self) {
  PadState *state = self->state;
  PadPtr left;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    left = state->left.get(state->queue.push_in_progress());
    state->flushed_left.reset(left ? GST_PAD(gst_object_ref(left.get())) : nullptr);
  }
  state->flushed = true;
  if (left)
    gst_pad_send_event(left.get(), gst_event_new_flush_start());
  gst_pad_push_event(GST_PAD(self), gst_event_new_flush_start());
}

// Downstream may outlive the element, so that it must not stay flushed.
void end_flush(GstRtmsSrcPad *self) {
  PadState *state = self->state;
  PadPtr left;
  if (!state->flushed.exchange(false))
    return;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    left = std::move(state->flushed_left);
  }
  PadPtr peer;
  if (gst_pad_is_active(GST_PAD(self)))
    gst_pad_push_event(GST_PAD(self), gst_event_new_flush_stop(FALSE));
  else  // it pushes nothing
    peer.reset(gst_pad_get_peer(GST_PAD(self)));
  for (GstPad *to : {left.get(), peer.get()})
    if (to)
      gst_pad_send_event(to, gst_event_new_flush_stop(FALSE));
}

// Returns whether it has not begun.
bool begin_stop(PadState *state) {
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    state->selectable = false;
  }
  return state->queue.begin_stop();
}

// Flushes the queue first: stopping the task waits for it.
void stop(GstRtmsSrcPad *self) {
  PadState *state = self->state;
  const bool first = begin_stop(state);
  // A probe of the pad no longer holds the push: the pad is flushing.
  const bool blocked = (first || !state->flushed) &&
                       !state->queue.has_stopped(std::chrono::steady_clock::now() + kPushTimeout);
  if (blocked)
    start_flush(self);
  stop_task(self);
  end_flush(self);
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
  // Any thread may query; the lock makes the pad's configuration visible.
  std::lock_guard<std::mutex> lock(state->mutex);
  state->config.latency->answer(q);
  return TRUE;
}

gboolean upstream_event(GstPad *pad, GstObject *, GstEvent *event) {
  PadState *state = GST_RTMS_SRC_PAD(pad)->state;
  EventPtr owned(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SELECT_STREAMS: {
      // What `select` uses exists until the pad stops.
      std::lock_guard<std::mutex> lock(state->mutex);
      if (state->selectable)
        state->config.select(std::move(owned));
      return state->selectable;
    }
    case GST_EVENT_RECONFIGURE: {
      // A new link sends it, also one further downstream: the new peer may accept what the old one
      // refused.
      std::lock_guard<std::mutex> lock(state->mutex);
      state->links++;
      state->flow = GST_FLOW_OK;
      if (state->config.early_caps)
        state->queue.expect_caps();
      return TRUE;
    }
    // These need no action. Other events, such as seeks, are refused.
    case GST_EVENT_LATENCY:
    case GST_EVENT_QOS:
      return TRUE;
    default:
      return FALSE;
  }
}

}  // namespace

static void gst_rtms_src_pad_init(GstRtmsSrcPad *self) {
  gst_pad_set_activatemode_function(GST_PAD(self), GST_DEBUG_FUNCPTR(activate_mode));
  gst_pad_set_query_function(GST_PAD(self), GST_DEBUG_FUNCPTR(query));
  gst_pad_set_event_function(GST_PAD(self), GST_DEBUG_FUNCPTR(upstream_event));
  gst_pad_use_fixed_caps(GST_PAD(self));
}

static void gst_rtms_src_pad_finalize(GObject *object) {
  delete GST_RTMS_SRC_PAD(object)->state;
  G_OBJECT_CLASS(gst_rtms_src_pad_parent_class)->finalize(object);
}

static void gst_rtms_src_pad_class_init(GstRtmsSrcPadClass *klass) {
  G_OBJECT_CLASS(klass)->finalize = gst_rtms_src_pad_finalize;
  GST_PAD_CLASS(klass)->linked = link_changed;
  GST_PAD_CLASS(klass)->unlinked = unlinked;
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
  return self->state->queue.push(std::move(buffer));
}

void gst_rtms_src_pad_wake(GstRtmsSrcPad *self) {
  self->state->queue.wake();
}

void gst_rtms_src_pad_enqueue_event(GstRtmsSrcPad *self, EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS)
    self->state->ends_at = self->state->config.certain_time();
  self->state->queue.push(std::move(event));
}

void gst_rtms_src_pad_interrupt(GstRtmsSrcPad *self) {
  self->state->queue.interrupt();
}

rtms::PadLevel gst_rtms_src_pad_get_level(GstRtmsSrcPad *self) {
  return {self->state->queue.bytes(), self->state->queue.time_ns()};
}

bool gst_rtms_src_pad_is_half_full(GstRtmsSrcPad *self) {
  return self->state->queue.half_full();
}

void gst_rtms_src_pad_set_black(GstRtmsSrcPad *self, const rtms::PictureSize &size) {
  self->state->fill.set_size(size);
}

void gst_rtms_src_pad_turn(GstRtmsSrcPad *self, bool on) {
  self->state->fill.turn(on);
}

void gst_rtms_src_pad_hold_gaps(GstRtmsSrcPad *self, gint64 until_us) {
  self->state->gaps_from_us = until_us;
}

bool gst_rtms_src_pad_is_over(GstRtmsSrcPad *self) {
  PadQueue &queue = self->state->queue;
  // A pad that was never linked has no task.
  const bool has_task = self->state->was_linked && !self->state->threadless;
  return queue.is_over() || (queue.has_eos() && !has_task);
}

GstFlowReturn gst_rtms_src_pad_get_flow(GstRtmsSrcPad *self) {
  return self->state->threadless ? GST_FLOW_ERROR : self->state->flow.load();
}

bool gst_rtms_src_pad_is_linked(GstRtmsSrcPad *self) {
  const PadState *state = self->state;
  return state->linked || (state->was_linked && state->flow == GST_FLOW_OK);
}

void gst_rtms_src_pads_stop(const std::vector<GstRtmsSrcPad *> &pads) {
  for (GstRtmsSrcPad *pad : pads)
    begin_stop(pad->state);
  std::vector<GstRtmsSrcPad *> blocked;
  auto deadline = std::chrono::steady_clock::now() + kPushTimeout;
  for (GstRtmsSrcPad *pad : pads)  // a push that waits in a probe of the pad itself needs no flush
    if (!gst_pad_is_blocking(GST_PAD(pad)) && !pad->state->queue.has_stopped(deadline))
      blocked.push_back(pad);
  if (!blocked.empty())
    GST_DEBUG("%zu of %zu pads are blocked: flushed", blocked.size(), pads.size());
  for (GstRtmsSrcPad *pad : blocked)
    start_flush(pad);
  deadline = std::chrono::steady_clock::now() + kFlushTimeout;
  for (GstRtmsSrcPad *pad : blocked)
    if (pad->state->queue.has_stopped(deadline))
      end_flush(pad);
}

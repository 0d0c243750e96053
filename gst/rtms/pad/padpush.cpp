// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padpush.h"

#include "media/picturesize.h"

#include <optional>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

using namespace std::chrono_literals;

constexpr GstClockTime kMinGap = 100 * GST_MSECOND;
// Interval of further GAPs while there are no buffers.
constexpr auto kGapInterval = 250ms;
// The most items that a pad pushes before other pads of its thread.
constexpr unsigned kMostItems = 500;

// The pad on which this thread pushes.
thread_local GstRtmsSrcPad *pushing = nullptr;

struct Pushing {
  explicit Pushing(GstRtmsSrcPad *pad) { pushing = pad; }
  ~Pushing() { pushing = nullptr; }
};

// A sink that is being shut down may return EOS instead of FLUSHING.
GstFlowReturn push(GstRtmsSrcPad *self, BufferPtr buffer) {
  const GstFlowReturn flow = gst_pad_push(GST_PAD(self), buffer.release());
  if (flow != GST_FLOW_EOS)
    return flow;
  GstPad *peer = gst_pad_get_peer(GST_PAD(self));
  const bool inactive = peer && !gst_pad_is_active(peer);
  gst_clear_object(&peer);
  return inactive ? GST_FLOW_FLUSHING : flow;
}

// Downstream posts the other failures.
void tell_refused(GstPad *pad) {
  GstElement *element = gst_pad_get_parent_element(pad);
  if (!element)
    return;
  CapsPtr caps(gst_pad_get_current_caps(pad));
  GST_ELEMENT_WARNING(
      element, CORE, NEGOTIATION,
      ("The elements behind the pad %s refuse its caps: none of its media pass. Link "
       "it to elements that accept them.",
       GST_PAD_NAME(pad)),
      ("caps: %" GST_PTR_FORMAT, caps.get()));
  gst_object_unref(element);
}

// The push began after that many links: its result says nothing about a newer link.
void set_flow(PadState *state, GstFlowReturn flow, unsigned links) {
  if (flow == state->flow)
    return;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    if (links != state->links)
      return;
    state->flow = flow;
  }
  GST_DEBUG_OBJECT(state->pad, "flow is now %s", gst_flow_get_name(flow));
  if (flow == GST_FLOW_NOT_NEGOTIATED && !std::exchange(state->told_refused, true))
    tell_refused(GST_PAD(state->pad));
  // FLUSHING concerns this pad alone, and ends with its deactivation.
  if (flow != GST_FLOW_FLUSHING)
    state->config.flow_changed();
}

bool may_be_black(PadState *state, GstClockTime until, GstClockTime least) {
  return state->config.fill_black && GST_CLOCK_TIME_IS_VALID(until) && state->fill.is_due(until) &&
         state->position.has_room(until, least) && state->fill.has_frames();
}

bool push_black(PadState *state, GstClockTime until, std::optional<PictureSize> size = {}) {
  const unsigned links = state->links;
  BufferPtr black = state->fill.next_frame(links, std::move(size));
  if (!black)
    return false;  // the format has changed since
  state->position.fill_until(black.get(), until);
  state->fill.filled(links);
  GST_DEBUG_OBJECT(state->pad,
                   "no picture up to running time %" GST_TIME_FORMAT
                   ": pushing black, %" GST_PTR_FORMAT,
                   GST_TIME_ARGS(until), black.get());
  const GstFlowReturn flow = push(state->pad, std::move(black));
  if (flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING)
    state->fill.lost();
  set_flow(state, flow, links);
  return true;
}

// Instead of a GAP. The queue continues with a keyframe: frames that depend on the last video frame
// would be decoded on top of black.
bool fill_with_black(PadState *state, GstClockTime until, GstClockTime least) {
  return may_be_black(state, until, least) && state->queue.interrupt_if_empty() &&
         push_black(state, until);
}

// The first frame comes later than other media: without a black one before it, the track would
// begin there, and players of MP4 add that time to the length of the file.
void push_first_black(PadState *state, GstBuffer *first) {
  const PadPosition &position = state->position;
  if (!position.is_new() || !position.has_segment() || !GST_BUFFER_PTS_IS_VALID(first))
    return;
  const GstClockTime until = position.running_time_of(GST_BUFFER_PTS(first));
  if (!may_be_black(state, until, kMinGap))
    return;
  auto size = picture_size(Codec::H264, first);
  if (!size || BlackFrames::can_have(*size))
    push_black(state, until, std::move(size));
}

// A pad that was blocked for long has no black frames of that time: the track would end there. The
// second frame is at the end, because a muxer may ignore the duration of the first.
void push_last_black(PadState *state) {
  const GstClockTime end = state->ends_at;
  if (!GST_CLOCK_TIME_IS_VALID(end) || end < 2 * kMinGap)
    return;
  fill_with_black(state, end - kMinGap, kMinGap);
  fill_with_black(state, end, kMinGap);
}

// A pipeline with an asynchronous sink waits for its preroll, and sets the latency of the other
// sinks afterwards: these drop what is late until then.
void push_empty_gap(PadState *state) {
  if (!state->config.sparse || !state->position.has_segment() || !state->position.is_new() ||
      !gst_pad_is_linked(GST_PAD(state->pad)))
    return;
  EventPtr gap(gst_event_new_gap(state->position.start(), 0));
  gst_event_set_gap_flags(gap.get(), state->config.gap_flags);
  GST_DEBUG_OBJECT(state->pad, "pushing %" GST_PTR_FORMAT, gap.get());
  gst_pad_push_event(GST_PAD(state->pad), gap.release());
}

void push_buffer(PadState *state, BufferPtr buffer) {
  push_first_black(state, buffer.get());
  const PadPosition::Placed placed = state->position.place(buffer.get());
  if (placed.moved)
    GST_DEBUG_OBJECT(state->pad,
                     "%s by %" GST_TIME_FORMAT ", at position %" GST_TIME_FORMAT
                     ": its place is outside the segment, or a GAP was sent for it",
                     placed.too_late ? "dropped, too late" : "moved", GST_TIME_ARGS(placed.moved),
                     GST_TIME_ARGS(GST_BUFFER_PTS(buffer.get())));
  if (placed.too_late)
    return state->config.too_late();
  if (placed.discont)
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  state->fill.shown_until(state->position.end());
  GST_TRACE_OBJECT(state->pad, "pushing %" GST_PTR_FORMAT, buffer.get());
  const unsigned links = state->links;
  const GstFlowReturn flow = push(state->pad, std::move(buffer));
  // Nothing had it: a new link begins with DISCONT and a keyframe.
  if (flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING)
    state->queue.lost();
  set_flow(state, flow, links);
}

void push_event(PadState *state, EventPtr event) {
  const bool is_segment = GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT;
  if (is_segment)
    state->position.set_segment(event.get());
  GST_DEBUG_OBJECT(state->pad, "pushing %" GST_PTR_FORMAT, event.get());
  gst_pad_push_event(GST_PAD(state->pad), event.release());
  if (is_segment)
    push_empty_gap(state);
}

// GStreamer sends them with the first buffer or serialized event. Until then a muxer does not know
// the track: that of GStreamer 1.26 writes its header without it when the other pads have data.
void push_stored_events(PadState *state) {
  if (EventPtr segment{gst_pad_get_sticky_event(GST_PAD(state->pad), GST_EVENT_SEGMENT, 0)})
    gst_pad_push_event(GST_PAD(state->pad), segment.release());
  push_empty_gap(state);
}

void push_silence(PadState *state) {
  // Before the test: a link that is made after it is another one.
  const unsigned links = state->links;
  if (!gst_pad_is_linked(GST_PAD(state->pad))) {
    // An application that blocks the pad may be exchanging its peer.
    if (!gst_pad_is_blocked(GST_PAD(state->pad)))
      set_flow(state, GST_FLOW_NOT_LINKED, links);
    return;
  }
  if (state->flow <= GST_FLOW_EOS || g_get_monotonic_time() < state->gaps_from_us)
    return;
  const GstClockTime until = state->config.certain_time();
  if (fill_with_black(state, until, kMinGap))
    return;
  // Media that were read before `until` are in the queue.
  if (!state->queue.is_empty())
    return;
  if (EventPtr gap = state->position.gap_until(until, kMinGap)) {
    // JPEG and PNG have no black frames.
    const bool taken_away =
        state->config.fill_black && state->fill.is_over(until) && !state->fill.has_frames();
    const GstGapFlags usual = taken_away ? GstGapFlags{} : state->config.gap_flags;
    gst_event_set_gap_flags(gap.get(), state->fill.is_still() ? GST_GAP_FLAG_MISSING_DATA : usual);
    push_event(state, std::move(gap));
  }
}

// Parsers and encoders set caps at the first buffer or GAP. Without caps a muxer does not know the
// track, and some then write an unreadable file.
void push_eos(PadState *state, EventPtr eos) {
  const PadPosition &position = state->position;
  const bool linked = gst_pad_is_linked(GST_PAD(state->pad));
  if (linked && position.is_new()) {
    if (!fill_with_black(state, position.base() + kMinGap, 0))
      push_event(state, state->position.first_gap(kMinGap));
  } else if (linked && state->flow > GST_FLOW_EOS) {
    push_last_black(state);
  }
  push_event(state, std::move(eos));
}

bool push_item(PadState *state, BufferPtr buffer, EventPtr event) {
  const bool eos = event && GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
  if (buffer)
    push_buffer(state, std::move(buffer));
  else if (eos)
    push_eos(state, std::move(event));
  else
    push_event(state, std::move(event));
  return eos;
}

std::chrono::milliseconds patience_of(const PadState *state) {
  return state->silent ? kGapInterval : std::chrono::milliseconds(state->config.gap_after_ms);
}

}  // namespace

void push_loop(gpointer data) {
  auto state = static_cast<PadState *>(data);
  const Pushing now(state->pad);
  BufferPtr buffer;
  EventPtr event;
  bool eos = false;
  const PadQueue::Next next = state->queue.next(&buffer, &event, patience_of(state));
  state->silent = next == PadQueue::Next::Nothing;
  if (next == PadQueue::Next::Item)
    eos = push_item(state, std::move(buffer), std::move(event));
  else if (next == PadQueue::Next::Caps)
    push_stored_events(state);
  else if (next == PadQueue::Next::Nothing)
    push_silence(state);
  if (!eos && next != PadQueue::Next::Stop)
    return;
  gst_pad_pause_task(GST_PAD(state->pad));
  state->queue.finished(eos);
  if (eos)
    state->config.ended();
}

// A GAP follows a long pause.
PadThread::After push_turn(PadState *state) {
  const Pushing own(state->pad);
  const auto now = std::chrono::steady_clock::now();
  PadQueue::Next next = PadQueue::Next::Item;
  bool eos = false;
  for (unsigned items = 0; items < kMostItems && !eos && next == PadQueue::Next::Item; items++) {
    BufferPtr buffer;
    EventPtr event;
    next = state->queue.next(&buffer, &event);
    while (next == PadQueue::Next::Caps) {
      push_stored_events(state);
      next = state->queue.next(&buffer, &event);
    }
    if (next != PadQueue::Next::Item)
      break;
    state->silent = false;
    state->quiet_since = now;
    eos = push_item(state, std::move(buffer), std::move(event));
  }
  if (next == PadQueue::Next::Nothing && now - state->quiet_since >= patience_of(state)) {
    state->silent = true;
    state->quiet_since = now;
    push_silence(state);
  }
  state->queue.finished(eos);
  if (eos)
    state->config.ended();
  if (eos || next == PadQueue::Next::Stop)
    return PadThread::After::End;
  return next == PadQueue::Next::Item ? PadThread::After::More : PadThread::After::Pause;
}

bool is_pushing(const GstElement *element) {
  return pushing && GST_OBJECT_PARENT(pushing) == GST_OBJECT(element);
}

}  // namespace rtms

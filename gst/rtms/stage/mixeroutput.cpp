// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mixeroutput.h"

#include <algorithm>

namespace rtms::program {

MixerOutput::MixerOutput(const char *name, GstPad *pad)
    : name_(name), pad_(GST_PAD(gst_object_ref(pad))), mixer_(GST_PAD_PARENT(pad)) {
  constexpr auto answers =
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_BOTH | GST_PAD_PROBE_TYPE_PULL);
  probes_[0] = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  probes_[1] = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_BOTH, on_event, this, nullptr);
  probes_[2] = gst_pad_add_probe(pad, answers, on_answer, this, nullptr);
}

MixerOutput::~MixerOutput() {
  release();
  for (gulong probe : probes_)
    gst_pad_remove_probe(pad_.get(), probe);
}

void MixerOutput::prepare() {
  end_ = GST_CLOCK_TIME_NONE;
  reached_ = 0;
  gst_element_set_locked_state(mixer_, TRUE);
}

// Without a clock, a mixer waits for its first input, which sets its position. With one, it would
// begin at the running time 0.
void MixerOutput::start(GstClockTime time, const std::function<void()> &feed) {
  started_ = true;
  GstElement *bin = GST_ELEMENT_PARENT(mixer_);
  const ClockPtr clock(gst_element_get_clock(bin));
  g_object_set(mixer_, "start-time", time, nullptr);
  gst_element_set_base_time(mixer_, gst_element_get_base_time(bin));
  gst_element_set_clock(mixer_, nullptr);
  gst_element_set_locked_state(mixer_, FALSE);
  gst_element_set_state(mixer_, GST_STATE_PAUSED);
  feed();
  gst_element_set_clock(mixer_, clock.get());
  gst_element_sync_state_with_parent(mixer_);
}

void MixerOutput::stop() {
  started_ = false;
  release();
  gst_element_set_locked_state(mixer_, FALSE);
}

void MixerOutput::hold() {
  if (!block_)
    block_ = gst_pad_add_probe(
        pad_.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
        [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
}

void MixerOutput::release() {
  if (block_)
    gst_pad_remove_probe(pad_.get(), block_);
  block_ = 0;
}

// Drops QOS, so that the mixer drops no late frames: the frame rate is constant. An application's
// event comes from each input.
GstPadProbeReturn MixerOutput::on_event(GstPad *, GstPadProbeInfo *info, gpointer data) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_QOS:
      return GST_PAD_PROBE_DROP;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
    case GST_EVENT_CUSTOM_BOTH:
    case GST_EVENT_CUSTOM_BOTH_OOB:
      return static_cast<MixerOutput *>(data)->is_new(event) ? GST_PAD_PROBE_OK
                                                             : GST_PAD_PROBE_DROP;
    default:
      return GST_PAD_PROBE_OK;
  }
}

bool MixerOutput::is_new(GstEvent *custom) {
  const guint32 number = gst_event_get_seqnum(custom);
  std::lock_guard<std::mutex> lock(mutex_);
  if (std::find(custom_.begin(), custom_.end(), number) != custom_.end())
    return false;
  custom_[customs_++ % custom_.size()] = number;
  return true;
}

// A mixer that cannot negotiate tries again with each buffer, and tells nobody.
void MixerOutput::refused() {
  if (started_.exchange(false))
    post_refused(GST_ELEMENT_PARENT(mixer_), name_);
}

// Without a linked live input, mixers of GStreamer 1.22 are not live, and sinks do not wait for
// them.
GstPadProbeReturn MixerOutput::on_answer(GstPad *, GstPadProbeInfo *info, gpointer data) {
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS &&
      (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM)) {
    GstCaps *caps = nullptr;
    gst_query_parse_caps_result(query, &caps);
    if (caps && gst_caps_is_empty(caps))
      static_cast<MixerOutput *>(data)->refused();
  }
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, nullptr, &least, &most);
  gst_query_set_latency(query, TRUE, least, most);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn MixerOutput::on_buffer(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<MixerOutput *>(data);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (GST_BUFFER_PTS(buffer) < self->end_) {
    self->reached_ = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
    return GST_PAD_PROBE_OK;
  }
  // The mixer then pushes EOS, and stops.
  gst_buffer_unref(buffer);
  info->data = nullptr;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
  return GST_PAD_PROBE_HANDLED;
}

}  // namespace rtms::program

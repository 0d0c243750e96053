// SPDX-License-Identifier: LGPL-2.1-or-later
#include "entrance.h"

namespace rtms::recorder {
namespace {

constexpr unsigned kMostBytes = 16 << 20;

// Mixers wait for data of live sources only.
gboolean answer(GstPad *pad, GstObject *parent, GstQuery *query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return gst_pad_query_default(pad, parent, query);
  gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

}  // namespace

// The pad belongs to no element: the callers' threads push.
Entrance::Entrance(GstBin *pipeline, const std::string &name, GstCaps *caps)
    : source_(GST_PAD(gst_object_ref_sink(gst_pad_new(name.c_str(), GST_PAD_SRC)))) {
  GstElement *queue = gst_element_factory_make("queue", nullptr);
  g_object_set(queue, "max-size-time", G_GUINT64_CONSTANT(0), "max-size-buffers", 0,
               "max-size-bytes", kMostBytes, nullptr);
  gst_util_set_object_arg(G_OBJECT(queue), "leaky", "downstream");
  gst_bin_add(pipeline, queue);
  exit_.reset(gst_element_get_static_pad(queue, "src"));
  const PadPtr entry(gst_element_get_static_pad(queue, "sink"));
  gst_pad_set_query_function(source_.get(), answer);
  gst_pad_set_active(source_.get(), TRUE);
  gst_pad_link_full(source_.get(), entry.get(), GST_PAD_LINK_CHECK_NOTHING);
  gst_element_sync_state_with_parent(queue);
  gst_pad_push_event(source_.get(), gst_event_new_stream_start(name.c_str()));
  set_caps(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(source_.get(), gst_event_new_segment(&segment));
}

Entrance::~Entrance() {
  gst_pad_set_active(source_.get(), FALSE);
  const PadPtr entry(gst_pad_get_peer(source_.get()));
  if (entry)
    gst_pad_unlink(source_.get(), entry.get());
}

void Entrance::push(BufferPtr buffer) {
  gst_pad_push(source_.get(), buffer.release());
}

void Entrance::set_caps(GstCaps *caps) {
  gst_pad_push_event(source_.get(), gst_event_new_caps(caps));
}

void Entrance::gap(GstClockTime start, GstClockTime duration, GstGapFlags flags) {
  GstEvent *gap = gst_event_new_gap(start, duration);
  gst_event_set_gap_flags(gap, flags);
  gst_pad_push_event(source_.get(), gap);
}

}  // namespace rtms::recorder

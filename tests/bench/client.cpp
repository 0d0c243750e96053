// SPDX-License-Identifier: LGPL-2.1-or-later
// client MEDIA WEBHOOK [CA]: rtmssrc into a fakesink for each pad, until the stream ends. Tells how
// many buffers and bytes came, and how many were dropped.
#include "element.h"

#include <cstdio>

namespace {

guint64 total(const GstStructure *stats, const char *field) {
  guint64 value = 0;
  gst_structure_get_uint64(stats, field, &value);
  return value;
}

void link_sink(GstElement *, GstPad *pad, gpointer pipeline) {
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  gst_bin_add(GST_BIN(pipeline), sink);
  gst_element_sync_state_with_parent(sink);
  GstPad *sink_pad = gst_element_get_static_pad(sink, "sink");
  gst_pad_link(pad, sink_pad);
  gst_object_unref(sink_pad);
}

}  // namespace

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  if (argc < 3) {
    fprintf(stderr, "usage: client MEDIA WEBHOOK [CA]\n");
    return 2;
  }
  GstElement *pipeline = gst_pipeline_new(nullptr);
  GstElement *src = rtmsbench::make_rtmssrc();
  gst_bin_add(GST_BIN(pipeline), src);
  gst_util_set_object_arg(G_OBJECT(src), "media-types", argv[1]);
  g_object_set(src, "webhook", argv[2], "client-id", "id", "client-secret", "secret",
               "connection-mode", 1, nullptr);
  if (argc > 3)
    g_object_set(src, "tls-ca-file", argv[3], nullptr);
  g_signal_connect(src, "pad-added", G_CALLBACK(link_sink), pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus(pipeline);
  GstMessage *end = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool ended = GST_MESSAGE_TYPE(end) == GST_MESSAGE_EOS;
  gst_message_unref(end);
  gst_object_unref(bus);
  GstStructure *stats = nullptr;
  g_object_get(src, "stats", &stats, nullptr);
  printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
         total(stats, "messages"), total(stats, "bytes"), total(stats, "dropped"));
  gst_structure_free(stats);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  return ended ? 0 : 1;
}

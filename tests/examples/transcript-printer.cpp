// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what is said in a meeting, live: transcript-printer webhook.json
// Credentials come from the environment: ZM_RTMS_CLIENT and ZM_RTMS_SECRET.
#include <gst/gst.h>

// Each buffer is one line; its PTS is when it was said.
static void print_line(GstElement *, GstBuffer *buffer, GstPad *, gpointer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
    return;
  g_print("%" GST_TIME_FORMAT "  %.*s\n", GST_TIME_ARGS(GST_BUFFER_PTS(buffer)),
          static_cast<int>(map.size), reinterpret_cast<const char *>(map.data));
  gst_buffer_unmap(buffer, &map);
}

static void print_error(GstMessage *message) {
  GError *error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  g_printerr("%s\n", error->message);
  g_error_free(error);
}

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  if (argc != 2) {
    g_printerr("usage: %s webhook.json\n", argv[0]);
    return 2;
  }
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(
      "rtmssrc name=meeting media-types=transcript meeting.transcript"
      " ! fakesink name=lines sync=false signal-handoffs=true",
      &error);
  if (error) {
    g_printerr("%s\n", error->message);
    return 1;
  }
  GstElement *meeting = gst_bin_get_by_name(GST_BIN(pipeline), "meeting");
  GstElement *lines = gst_bin_get_by_name(GST_BIN(pipeline), "lines");
  g_object_set(meeting, "webhook-location", argv[1], nullptr);
  g_signal_connect(lines, "handoff", G_CALLBACK(print_line), nullptr);

  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus(pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
  const bool failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  if (failed)
    print_error(message);

  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_object_unref(lines);
  gst_object_unref(meeting);
  gst_object_unref(pipeline);
  return failed ? 1 : 0;
}

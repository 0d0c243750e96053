/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sound and the camera of a meeting into a Matroska file: minimal webhook.json meeting.mkv
 * Credentials come from the environment: ZM_RTMS_CLIENT and ZM_RTMS_SECRET. */
#include <gst/gst.h>

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GstElement *pipeline, *meeting, *file;
  GstMessage *end;
  GstBus *bus;
  gboolean failed;

  gst_init (&argc, &argv);
  if (argc != 3) {
    g_printerr ("usage: %s webhook.json meeting.mkv\n", argv[0]);
    return 2;
  }
  /* avc3: cameras may differ in size; fill=black: the first may come late. */
  pipeline = gst_parse_launch ("rtmssrc name=meeting media-types=audio+video fill=black empty-pads=true "
      "meeting.video ! queue ! h264parse ! video/x-h264,stream-format=avc3 ! mux.video_0 "
      "meeting.audio ! queue ! mux.audio_0 matroskamux name=mux ! filesink name=file", &error);
  if (error) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  meeting = gst_bin_get_by_name (GST_BIN (pipeline), "meeting");
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  g_object_set (meeting, "webhook-location", argv[1], NULL);
  g_object_set (file, "location", argv[2], NULL);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bus = gst_element_get_bus (pipeline);
  end = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  failed = GST_MESSAGE_TYPE (end) == GST_MESSAGE_ERROR;
  if (failed) {
    gst_message_parse_error (end, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_error_free (error);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_message_unref (end);
  gst_object_unref (bus);
  gst_object_unref (file);
  gst_object_unref (meeting);
  gst_object_unref (pipeline);
  return failed;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements.h"

namespace rtms::program {

GstElement *add_element(GstBin *bin, const char *kind, const char *name, std::string *missing) {
  GstElement *element = gst_element_factory_make(kind, name);
  if (!element) {
    if (missing->empty())
      *missing = kind;
    return nullptr;
  }
  gst_bin_add(bin, element);
  return element;
}

void remove_element(GstBin *bin, GstElement *element) {
  gst_element_set_locked_state(element, TRUE);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_bin_remove(bin, element);
}

void begin_stream(GstPad *pad, const char *id, GstCaps *caps) {
  gst_pad_send_event(pad, gst_event_new_stream_start(id));
  gst_pad_send_event(pad, gst_event_new_caps(caps));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(pad, gst_event_new_segment(&segment));
}

void post_refused(GstElement *bin, const char *pad) {
  GST_ELEMENT_ERROR(
      bin, CORE, NEGOTIATION,
      ("What is linked to the pad %s does not accept its format. Set width, height and framerate "
       "of "
       "rtmsprogram, or link a converter, such as videoconvertscale or audioconvert and "
       "audioresample.",
       pad),
      (nullptr));
}

}  // namespace rtms::program

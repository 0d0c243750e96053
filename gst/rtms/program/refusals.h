// SPDX-License-Identifier: LGPL-2.1-or-later
// What does not pass the pads of the program, in either direction.
#pragma once

#include <gst/gst.h>

namespace rtms::program {

// The event function of a source pad. A mixer that is flushed by a seek pushes nothing any more,
// although its inputs refuse the seek. A selection of streams is the source's: its streams are not
// those of the pad.
inline gboolean upstream_event(GstPad *pad, GstObject *parent, GstEvent *event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_SEEK && GST_EVENT_TYPE(event) != GST_EVENT_SELECT_STREAMS)
    return gst_pad_event_default(pad, parent, event);
  gst_event_unref(event);
  return FALSE;
}

// A probe for a sink pad: the streams of the collection are rtmssrc's.
inline GstPadProbeReturn drop_collection(GstPad *, GstPadProbeInfo *info, gpointer) {
  const bool drops = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_STREAM_COLLECTION;
  return drops ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

}  // namespace rtms::program

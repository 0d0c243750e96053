// SPDX-License-Identifier: LGPL-2.1-or-later
#include "waiting.h"

#include <gst/base/gstaggregator.h>
#include <gst/base/gstcollectpads.h>

namespace rtms::recorder {
namespace {

// GstCollectPads keeps the state of a pad in its private pointer. A locked pad is always waited
// for; with another one, the muxer waits until its position, which GAPs move, is behind the other
// pads'.
gboolean unlock(GstElement *, GstPad *pad, gpointer) {
  if (const auto data = static_cast<GstCollectData *>(gst_pad_get_element_private(pad)))
    data->state =
        static_cast<GstCollectPadsStateFlags>(data->state & ~GST_COLLECT_PADS_STATE_LOCKED);
  return TRUE;
}

// The muxer holds the lock of its pads. Before the header it must wait for each of them: what comes
// later would have no track.
GstPadProbeReturn on_first(GstPad *pad, GstPadProbeInfo *, gpointer) {
  const ElementPtr mux(gst_pad_get_parent_element(pad));
  if (mux)
    gst_element_foreach_sink_pad(mux.get(), unlock, nullptr);
  return GST_PAD_PROBE_REMOVE;
}

}  // namespace

void go_on_at_gaps(GstElement *mux) {
  if (GST_IS_AGGREGATOR(mux))
    return;
  const PadPtr muxed(gst_element_get_static_pad(mux, "src"));
  gst_pad_add_probe(muxed.get(), GST_PAD_PROBE_TYPE_BUFFER, on_first, nullptr, nullptr);
}

}  // namespace rtms::recorder

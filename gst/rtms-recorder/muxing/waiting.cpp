// SPDX-License-Identifier: LGPL-2.1-or-later
#include "waiting.h"

#include <gst/base/gstaggregator.h>
#include <gst/base/gstcollectpads.h>

namespace rtms::recorder {

void go_on_at_gaps(GstElement *mux, GstPad *pad) {
  const auto data = GST_IS_AGGREGATOR(mux)
                        ? nullptr
                        : static_cast<GstCollectData *>(gst_pad_get_element_private(pad));
  if (data)
    data->state =
        static_cast<GstCollectPadsStateFlags>(data->state & ~GST_COLLECT_PADS_STATE_LOCKED);
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outputend.h"

namespace rtms::program {

OutputEnd::OutputEnd(GstPad *pad) : pad_(GST_PAD(gst_object_ref(pad))) {
  probe_ = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
}

OutputEnd::~OutputEnd() {
  gst_pad_remove_probe(pad_.get(), probe_);
}

GstPadProbeReturn OutputEnd::on_buffer(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<OutputEnd *>(data);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (GST_BUFFER_PTS(buffer) < self->end_)
    return GST_PAD_PROBE_OK;
  // The mixer pushes EOS, and stops.
  gst_buffer_unref(buffer);
  info->data = nullptr;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
  return GST_PAD_PROBE_HANDLED;
}

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/gstrtmssrc.h"
#include "program/gstrtmsprogram.h"

static gboolean plugin_init(GstPlugin *plugin) {
  return GST_ELEMENT_REGISTER(rtmssrc, plugin) && GST_ELEMENT_REGISTER(rtmsprogram, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, rtms,
                  "RTMS (Zoom Realtime Media Streams) source", plugin_init, PACKAGE_VERSION, "LGPL",
                  "gst-rtms", PACKAGE_URL)

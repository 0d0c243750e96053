// SPDX-License-Identifier: LGPL-2.1-or-later
// The element under measurement, or a word about why there is none.
#pragma once

#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>

namespace rtmsbench {

inline GstElement *make_rtmssrc(const char *name = nullptr) {
  GstElement *src = gst_element_factory_make("rtmssrc", name);
  if (!src) {
    fprintf(stderr,
            "There is no element rtmssrc: GST_PLUGIN_PATH must name the build's gst/rtms.\n");
    exit(2);
  }
  return src;
}

}  // namespace rtmsbench

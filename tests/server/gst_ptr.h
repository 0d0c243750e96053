// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners of GStreamer's references.
#pragma once

#include <gst/gst.h>

#include "glib_ptr.h"

namespace rtmstest {

// GStreamer's unrefs of mini objects are static inline: as template arguments they would give the
// owner, and all that takes one, internal linkage.
struct MiniObjectFree {
  template <class T>
  void operator()(T *object) const {
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
  }
};
template <class T>
using MiniObjectPtr = std::unique_ptr<T, MiniObjectFree>;

using BufferPtr = MiniObjectPtr<GstBuffer>;
using SamplePtr = MiniObjectPtr<GstSample>;
using CapsPtr = MiniObjectPtr<GstCaps>;
using MessagePtr = MiniObjectPtr<GstMessage>;
using ElementPtr = Ptr<GstElement, gst_object_unref>;
using BusPtr = Ptr<GstBus, gst_object_unref>;

}  // namespace rtmstest

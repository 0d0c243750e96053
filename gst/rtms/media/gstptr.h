// SPDX-License-Identifier: LGPL-2.1-or-later
// Owning pointers for GStreamer's references.
#pragma once

#include "base/glibptr.h"

#include <gst/gst.h>

namespace rtms {

// Not FreeWith<gst_buffer_unref>: GStreamer's unref functions are static inline, and a type made of
// one would be another type in each file.
struct UnrefMiniObject {
  template <typename T>
  void operator()(T *object) const {
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
  }
};

using BufferPtr = std::unique_ptr<GstBuffer, UnrefMiniObject>;
using CapsPtr = std::unique_ptr<GstCaps, UnrefMiniObject>;
using EventPtr = std::unique_ptr<GstEvent, UnrefMiniObject>;
using StructurePtr = std::unique_ptr<GstStructure, FreeWith<gst_structure_free>>;

}  // namespace rtms

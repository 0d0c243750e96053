// SPDX-License-Identifier: LGPL-2.1-or-later
// Owning pointers for GStreamer's references, and a buffer mapped for reading.
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

class ReadMap {
 public:
  explicit ReadMap(GstBuffer *buffer) : buffer_(buffer) {
    gst_buffer_map(buffer, &info_, GST_MAP_READ);
  }
  ~ReadMap() { gst_buffer_unmap(buffer_, &info_); }
  ReadMap(const ReadMap &) = delete;
  ReadMap &operator=(const ReadMap &) = delete;
  const guint8 *data() const { return info_.data; }
  gsize size() const { return info_.size; }

 private:
  GstBuffer *buffer_;
  GstMapInfo info_{};
};

}  // namespace rtms

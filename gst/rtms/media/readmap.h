// SPDX-License-Identifier: LGPL-2.1-or-later
// A buffer mapped for reading.
#pragma once

#include <gst/gst.h>

namespace rtms {

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

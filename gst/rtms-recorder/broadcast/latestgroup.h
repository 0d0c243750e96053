// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers the video from its newest keyframe on, for a decoder that starts late.
#pragma once

#include "common/gst.h"

#include <utility>
#include <vector>

namespace rtms::recorder {

class LatestGroup {
 public:
  void add(BufferPtr buffer) {
    constexpr gsize kMost = 16 << 20;
    if (!GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT))
      clear();
    else if (buffers_.empty())
      return;
    bytes_ += gst_buffer_get_size(buffer.get());
    buffers_.push_back(std::move(buffer));
    if (bytes_ > kMost)
      clear();
  }
  void clear() {
    buffers_.clear();
    bytes_ = 0;
  }
  std::vector<BufferPtr> take() {
    bytes_ = 0;
    return std::exchange(buffers_, {});
  }

 private:
  std::vector<BufferPtr> buffers_;
  gsize bytes_ = 0;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The size of a video frame, from its headers.
#pragma once

#include "gstptr.h"
#include "protocol/types.h"

#include <optional>
#include <string>

namespace rtms {

struct PictureSize {
  int width = 0;
  int height = 0;
  std::string colorimetry;  // as in caps; empty if unknown
  // A few bytes can announce any size, for which decoders and encoders allocate memory.
  bool is_sane() const { return pixels() <= kMostPixels; }
  int64_t pixels() const { return int64_t{width} * height; }
  static constexpr int64_t kMostPixels = 8192 * 4352;  // level 6.2 of H.264
  bool operator==(const PictureSize &other) const {
    return width == other.width && height == other.height && colorimetry == other.colorimetry;
  }
};

// Reads the first SPS, or the largest of all headers of JPEG or PNG that any decoder could find in
// the buffer. Returns nothing if there is none, or if one continues in the next buffer.
std::optional<PictureSize> picture_size(Codec codec, GstBuffer *buffer);

// Whether some decoder reads a size from the SPS that is not sane. `header`: its header byte;
// `end`: of the access unit.
bool sps_is_oversized(const guint8 *header, const guint8 *end);
// Whether there is such an SPS before the first slice. To look behind it costs much in each frame:
// clean_h264() does that, before decoders.
bool begins_oversized(GstBuffer *buffer);

}  // namespace rtms

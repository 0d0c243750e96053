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
  bool is_sane() const { return int64_t{width} * height <= kMostPixels; }
  static constexpr int64_t kMostPixels = 8192 * 4352;  // level 6.2 of H.264
  bool operator==(const PictureSize &other) const {
    return width == other.width && height == other.height && colorimetry == other.colorimetry;
  }
};

// Reads an SPS, a JPEG frame header, or a PNG's IHDR. Returns nothing if there is none.
std::optional<PictureSize> picture_size(Codec codec, GstBuffer *buffer);

}  // namespace rtms

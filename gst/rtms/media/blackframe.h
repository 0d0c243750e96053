// SPDX-License-Identifier: LGPL-2.1-or-later
// Black H.264 pictures of any size, for the time without video frames of a camera.
#pragma once

#include "picturesize.h"

namespace rtms {

// Access units of constrained baseline, as a byte stream: a keyframe is AUD, SPS, PPS and one IDR
// slice; the DELTA_UNITs between two keyframes repeat it with some 20 bytes each.
class BlackFrames {
 public:
  static constexpr unsigned kKeyframeInterval = 8;

  // Odd widths and heights are rounded up, because chroma has half the resolution. Returns a
  // keyframe when the size changes; null for an empty size, or one above level 5.1 of H.264 (36864
  // macroblocks).
  BufferPtr next(const PictureSize &size);
  static bool can_have(const PictureSize &size);
  // A video frame of the camera was sent in between: the next picture is a keyframe.
  void interrupt() { since_keyframe_ = 0; }

 private:
  PictureSize size_;
  unsigned keyframes_ = 0;  // consecutive IDR pictures need different numbers
  unsigned since_keyframe_ = 0;
};

}  // namespace rtms

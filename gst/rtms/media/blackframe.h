// SPDX-License-Identifier: LGPL-2.1-or-later
// Black H.264 pictures of any size, for the time in which a camera gives none.
#pragma once

#include "picturesize.h"

namespace rtms {

// Access units of constrained baseline, as a byte stream: each keyframe is AUD, SPS, PPS and one
// IDR slice, and between two of them come some 20 bytes that repeat it, which are DELTA_UNITs.
class BlackFrames {
 public:
  static constexpr unsigned kKeyframeInterval = 8;

  // Lines and columns of an odd number are rounded up, for chroma has half of them. A keyframe
  // where the size changes. Null where the size is none, or no level of H.264 up to 5.1 has it:
  // more than 36864 macroblocks.
  BufferPtr next(const PictureSize &size);
  // Another picture came in between: the next one is a keyframe.
  void interrupt() { since_keyframe_ = 0; }

 private:
  PictureSize size_;
  unsigned keyframes_ = 0;  // two IDR pictures in a row must differ in number
  unsigned since_keyframe_ = 0;
};

}  // namespace rtms

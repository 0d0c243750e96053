// SPDX-License-Identifier: LGPL-2.1-or-later
// A black H.264 picture of any size, for the time in which a camera gives none.
#pragma once

#include "picturesize.h"

namespace rtms {

// An access unit that stands alone: AUD, SPS, PPS and one IDR slice, constrained baseline, as a
// byte stream. Lines and columns of an odd number are rounded up, for chroma has half of them.
// `number` counts the black frames of a stream: two IDR pictures in a row must differ. Null where
// the size is none, or no level of H.264 up to 5.1 has it: more than 36864 macroblocks.
BufferPtr black_frame(PictureSize size, unsigned number);

}  // namespace rtms

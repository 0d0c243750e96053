// SPDX-License-Identifier: LGPL-2.1-or-later
// Decoders for specific processors: meson selects the simd.*.cpp for the target. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rtms {

// The most characters that decode_wide() leaves of valid base64.
constexpr size_t kWideRest = 64;
// If the text is longer by this margin, decode_wide() takes all but kWideRest characters.
constexpr size_t kWideMargin = 12;

// Decodes base64 without padding, several characters at once, from the front. Returns the number of
// characters taken, a multiple of 4, up to an invalid one; 0 on processors without the
// instructions. Writes no more bytes than the whole text has.
size_t decode_wide(std::string_view text, uint8_t *out);

}  // namespace rtms

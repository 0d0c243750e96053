// SPDX-License-Identifier: LGPL-2.1-or-later
// What is written for one kind of machine: meson takes the simd.*.cpp of the one that it builds
// for. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rtms {

// How many characters decode_wide() leaves at most, in a text that is base64.
constexpr size_t kWideRest = 64;
// With that many more in the text, it takes kWideRest characters of exactly as many.
constexpr size_t kWideMargin = 12;

// Decodes base64 without padding, several characters at once, from the front. Returns how many it
// took, a multiple of 4; it stops at what is not base64. Writes no more bytes than the whole text
// stands for. 0: not on this machine.
size_t decode_wide(std::string_view text, uint8_t *out);

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "simd.h"

#include <arm_neon.h>

#include <array>

namespace rtms {
namespace {

// Turns 64 characters into 48 bytes.
constexpr size_t kWide = 64;
static_assert(kWideRest == kWide && kWideMargin < kWide);

constexpr uint8_t kNone = 0x80;

// The value of each ASCII character.
constexpr std::array<uint8_t, 128> values() {
  std::array<uint8_t, 128> all = {};
  for (uint8_t &value : all)
    value = kNone;
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < alphabet.size(); i++)
    all[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  return all;
}
constexpr std::array<uint8_t, 128> kValues = values();

// An index outside of a table yields 0 in the first look-up, and keeps the value in the second.
inline uint8x16_t values_of(uint8x16_t in, uint8x16x4_t lower, uint8x16x4_t upper) {
  return vqtbx4q_u8(vqtbl4q_u8(lower, in), upper, veorq_u8(in, vdupq_n_u8(64)));
}

}  // namespace

size_t decode_wide(std::string_view text, uint8_t *out) {
  const uint8x16x4_t lower = vld1q_u8_x4(kValues.data());
  const uint8x16x4_t upper = vld1q_u8_x4(kValues.data() + 64);
  size_t at = 0;
  for (; text.size() - at >= kWide; at += kWide, out += kWide / 4 * 3) {
    // Each register has one character of every four.
    const uint8x16x4_t in = vld4q_u8(reinterpret_cast<const uint8_t *>(text.data()) + at);
    // Not a loop over in.val: g++ 12 would copy it through memory.
    const uint8x16_t a = values_of(in.val[0], lower, upper), b = values_of(in.val[1], lower, upper),
                     c = values_of(in.val[2], lower, upper), d = values_of(in.val[3], lower, upper);
    const uint8x16_t all_in =
        vorrq_u8(vorrq_u8(in.val[0], in.val[1]), vorrq_u8(in.val[2], in.val[3]));
    const uint8x16_t values = vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d));
    if (vmaxvq_u8(vorrq_u8(all_in, values)) >= kNone)
      break;
    vst3q_u8(out, {{vorrq_u8(vshlq_n_u8(a, 2), vshrq_n_u8(b, 4)),
                    vorrq_u8(vshlq_n_u8(b, 4), vshrq_n_u8(c, 2)), vorrq_u8(vshlq_n_u8(c, 6), d)}});
  }
  return at;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "simd.h"

#include <arm_neon.h>

#include <array>

namespace rtms {
namespace {

// 64 characters to 48 bytes.
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

inline uint8x16x4_t table(const uint8_t *bytes) {
  return {{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
}

}  // namespace

size_t decode_wide(std::string_view text, uint8_t *out) {
  const uint8x16x4_t lower = table(kValues.data()), upper = table(kValues.data() + 64);
  const uint8x16_t half = vdupq_n_u8(64);
  size_t at = 0;
  for (; text.size() - at >= kWide; at += kWide, out += kWide / 4 * 3) {
    // Each register has one character of each four.
    const uint8x16x4_t in = vld4q_u8(reinterpret_cast<const uint8_t *>(text.data()) + at);
    uint8x16x4_t value;
    uint8x16_t seen = vdupq_n_u8(0);
    for (int i = 0; i < 4; i++) {
      // A place outside of a table is 0 in the first look-up, and leaves its value in the second.
      value.val[i] = vqtbx4q_u8(vqtbl4q_u8(lower, in.val[i]), upper, veorq_u8(in.val[i], half));
      seen = vorrq_u8(seen, vorrq_u8(in.val[i], value.val[i]));
    }
    if (vmaxvq_u8(seen) >= kNone)
      break;
    const uint8x16x3_t bytes = {{vorrq_u8(vshlq_n_u8(value.val[0], 2), vshrq_n_u8(value.val[1], 4)),
                                 vorrq_u8(vshlq_n_u8(value.val[1], 4), vshrq_n_u8(value.val[2], 2)),
                                 vorrq_u8(vshlq_n_u8(value.val[2], 6), value.val[3])}};
    vst3q_u8(out, bytes);
  }
  return at;
}

}  // namespace rtms

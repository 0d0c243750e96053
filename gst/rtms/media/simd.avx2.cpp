// SPDX-License-Identifier: LGPL-2.1-or-later
#include "simd.h"

#include <immintrin.h>

#include <array>

namespace rtms {
namespace {

// A table of 16 bytes for each half of a register.
__attribute__((target("avx2"))) inline __m256i table(std::array<int8_t, 16> bytes) {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes.data())));
}

// Turns 32 characters into 24 bytes, but writes 32: 12 more characters must follow.
constexpr size_t kWide = 32;
static_assert(kWideRest % kWide == 0 && kWideRest >= kWide + kWideMargin);

__attribute__((target("avx2"))) size_t decode_avx2(std::string_view text, uint8_t *out) {
  // By the upper half of a character: its kind, as one bit, and the difference to its value. Two
  // kinds have the half 2: '+', and '/', which uses the free table entry before it.
  constexpr int8_t plus = 1, digit = 2, first = 4, second = 8, none = 16;
  const __m256i kinds = table({none, none, plus, digit, first, second, first, second, none, none,
                               none, none, none, none, none, none});
  const __m256i adds = table(
      {0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0});
  // By the lower half: the kinds excluded. Letters are 41 to 5a, and 61 to 7a.
  constexpr int8_t l0 = none | plus | first, l1 = none | plus, la = none | plus | digit,
                   lb = none | digit | second, lc = none | plus | digit | second;
  const __m256i others = table({l0, l1, l1, l1, l1, l1, l1, l1, l1, l1, la, lb, lc, lc, lc, lb});
  const __m256i nibble = _mm256_set1_epi8(0x0f), slash = _mm256_set1_epi8('/');
  // Joins four values of 6 bits to 24 bits, then orders the three bytes.
  const __m256i join_pairs = _mm256_set1_epi32(0x01400140);
  const __m256i join_quads = _mm256_set1_epi32(0x00011000);
  const __m256i order = table({2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1});
  const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
  size_t at = 0;
  for (; text.size() - at >= kWide + kWideMargin; at += kWide, out += 24) {
    const __m256i in = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(text.data() + at));
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi32(in, 4), nibble);
    const __m256i lower = _mm256_and_si256(in, nibble);
    if (!_mm256_testz_si256(_mm256_shuffle_epi8(kinds, upper), _mm256_shuffle_epi8(others, lower)))
      break;
    const __m256i place = _mm256_add_epi8(upper, _mm256_cmpeq_epi8(in, slash));
    const __m256i values = _mm256_add_epi8(in, _mm256_shuffle_epi8(adds, place));
    const __m256i quads = _mm256_madd_epi16(_mm256_maddubs_epi16(values, join_pairs), join_quads);
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(quads, order), together);
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(out), bytes);
  }
  return at;
}

}  // namespace

size_t decode_wide(std::string_view text, uint8_t *out) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  return has_avx2 ? decode_avx2(text, out) : 0;
}

}  // namespace rtms

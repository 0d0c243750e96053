// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base64.h"

#include <openssl/evp.h>
#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rtms {
namespace {

// OpenSSL decodes a byte at a time. It reads '=' as zero bits wherever it stands, and skips white
// space at the ends; only the last two characters may be padding.
bool decode_bytes(std::string_view text, uint8_t *out) {
  const std::string_view padding = text.substr(std::min(text.find('='), text.size()));
  if (padding.size() > 2 || padding.find_first_not_of('=') != std::string_view::npos)
    return false;
  const int size = EVP_DecodeBlock(out, reinterpret_cast<const unsigned char *>(text.data()),
                                   static_cast<int>(text.size()));
  return size >= 0 && static_cast<size_t>(size) == text.size() / 4 * 3;
}

#if defined(__x86_64__)

// A table of 16 bytes for each half of a register.
__attribute__((target("avx2"))) inline __m256i table(std::array<int8_t, 16> bytes) {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes.data())));
}

// What decode_wide() takes at once, and how many more there must be.
constexpr size_t kWide = 32, kWideMargin = 12;

// Decodes from the front, 32 characters to 24 bytes, while 32 bytes may be written. Returns how
// many characters it took: it stops at what is not base64.
__attribute__((target("avx2"))) size_t decode_wide(std::string_view text, uint8_t *out) {
  // By the upper half of a character: what it is, as one bit, and what to add for its value. Those
  // that begin with 2 are two: '+', and '/', which takes the free place before it.
  constexpr int8_t plus = 1, digit = 2, first = 4, second = 8, none = 16;
  const __m256i kinds = table({none, none, plus, digit, first, second, first, second, none, none,
                               none, none, none, none, none, none});
  const __m256i adds = table(
      {0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0});
  // By the lower half: what it cannot be. Letters are 41 to 5a, and 61 to 7a.
  constexpr int8_t l0 = none | plus | first, l1 = none | plus, la = none | plus | digit,
                   lb = none | digit | second, lc = none | plus | digit | second;
  const __m256i others = table({l0, l1, l1, l1, l1, l1, l1, l1, l1, l1, la, lb, lc, lc, lc, lb});
  const __m256i nibble = _mm256_set1_epi8(0x0f), slash = _mm256_set1_epi8('/');
  // Four values of 6 bits become 24 bits, then three bytes in their order.
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

// The last characters, fewer than decode_wide() needs, `size` bytes. False where they are not
// base64.
bool decode_tail(std::string_view text, uint8_t *out, size_t size) {
  constexpr size_t kTaken = 2 * kWide, kRoom = kTaken + kWideMargin;
  std::array<char, kRoom> padded;
  std::array<uint8_t, kTaken> bytes;
  padded.fill('A');
  // What is behind `size` is the padding.
  memcpy(padded.data(), text.data(), size / 3 * 4 + (size % 3 ? size % 3 + 1 : 0));
  if (decode_wide({padded.data(), padded.size()}, bytes.data()) != kTaken)
    return false;
  memcpy(out, bytes.data(), size);
  return true;
}

// False where it is not base64, or the machine has no AVX2.
bool decode_fast(std::string_view text, uint8_t *out, size_t size) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (!has_avx2)
    return false;
  const size_t done = decode_wide(text, out), bytes = done / 4 * 3;
  return text.size() - done < kWide + kWideMargin &&
         decode_tail(text.substr(done), out + bytes, size - bytes);
}

#else

bool decode_fast(std::string_view, uint8_t *, size_t) {
  return false;
}

#endif

}  // namespace

std::optional<size_t> base64_size(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > INT_MAX)
    return std::nullopt;
  size_t padding = 0;
  while (padding < 3 && text[text.size() - 1 - padding] == '=')
    padding++;
  if (padding > 2)
    return std::nullopt;
  return text.size() / 4 * 3 - padding;
}

bool base64_decode(std::string_view text, uint8_t *out) {
  const auto size = base64_size(text);
  return size && (decode_fast(text, out, *size) || decode_bytes(text, out));
}

}  // namespace rtms

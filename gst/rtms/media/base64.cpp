// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base64.h"
#include "simd.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <string>

namespace rtms {
namespace {

// OpenSSL decodes a byte at a time. It skips white space at the ends.
bool decode_quads(std::string_view text, uint8_t *out) {
  const int size = EVP_DecodeBlock(out, reinterpret_cast<const unsigned char *>(text.data()),
                                   static_cast<int>(text.size()));
  return size >= 0 && static_cast<size_t>(size) == text.size() / 4 * 3;
}

// OpenSSL takes '=' anywhere as zero bits; only the last two characters may be padding.
bool decode_bytes(std::string_view text, uint8_t *out) {
  const std::string_view padding = text.substr(std::min(text.find('='), text.size()));
  if (padding.size() > 2 || padding.find_first_not_of('=') != std::string_view::npos)
    return false;
  const size_t quads = text.size() / 4 * 4;
  if (!decode_quads(text.substr(0, quads), out))
    return false;
  std::array<uint8_t, 3> rest{};
  std::string last(text.substr(quads));
  if (last.empty())
    return true;
  const size_t size = last.size() - 1;
  last.resize(4, '=');
  const bool good = decode_quads(last, rest.data());
  memcpy(out + quads / 4 * 3, rest.data(), size);
  return good;
}

// Decodes the rest of the text, `size` bytes. Returns false for invalid base64.
bool decode_rest(std::string_view text, uint8_t *out, size_t size) {
  std::array<char, kWideRest + kWideMargin> padded;
  std::array<uint8_t, kWideRest + kWideMargin> bytes;
  padded.fill('A');
  // Characters beyond `size` are padding.
  memcpy(padded.data(), text.data(), size / 3 * 4 + (size % 3 ? size % 3 + 1 : 0));
  if (decode_wide({padded.data(), padded.size()}, bytes.data()) != kWideRest)
    return false;
  memcpy(out, bytes.data(), size);
  return true;
}

// Returns false for invalid base64, or a machine without wide registers.
bool decode_fast(std::string_view text, uint8_t *out, size_t size) {
  const size_t done = decode_wide(text, out), bytes = done / 4 * 3;
  return text.size() - done <= kWideRest &&
         decode_rest(text.substr(done), out + bytes, size - bytes);
}

}  // namespace

std::optional<size_t> base64_size(std::string_view text) {
  if (text.empty() || text.size() > INT_MAX)
    return std::nullopt;
  size_t padding = 0;
  while (padding < std::min<size_t>(text.size(), 3) && text[text.size() - 1 - padding] == '=')
    padding++;
  const size_t rest = text.size() % 4;
  if (padding > 2 || rest == 1 || (padding && rest))
    return std::nullopt;
  return text.size() / 4 * 3 + (rest ? rest - 1 : 0) - padding;
}

bool base64_decode(std::string_view text, uint8_t *out) {
  const auto size = base64_size(text);
  return size && (decode_fast(text, out, *size) || decode_bytes(text, out));
}

}  // namespace rtms

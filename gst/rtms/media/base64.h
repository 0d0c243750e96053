// SPDX-License-Identifier: LGPL-2.1-or-later
// Base64 of RFC 4648 §4: with or without padding, without white space. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rtms {

// Returns the size of the decoded bytes; nothing if empty, or of invalid length or padding.
std::optional<size_t> base64_size(std::string_view text);

// Bytes that the decoder may write beyond that size.
constexpr size_t kBase64Margin = 2;

// Decodes into `out`, which has room for the margin, too. Returns false for invalid base64.
bool base64_decode(std::string_view text, uint8_t *out);

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Base64 as RFC 4648 §4 has it: padded, nothing between, nothing else at the ends. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rtms {

// How many bytes the text stands for; nothing where its length or padding is wrong, or it is empty.
std::optional<size_t> base64_size(std::string_view text);

// How many more the decoder may write.
constexpr size_t kBase64Margin = 2;

// Writes them to `out`, which has room for the margin, too. False where the text is not base64.
bool base64_decode(std::string_view text, uint8_t *out);

}  // namespace rtms

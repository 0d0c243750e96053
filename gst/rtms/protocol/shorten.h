// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and reasons that a server sends, and people read: a server's text may be as long as a
// message.
#pragma once

#include <string_view>

namespace rtms {

// The longest such text, in bytes.
constexpr size_t kMaxShortText = 256;

// The text's beginning, without half a character at its end.
inline std::string_view shorten(std::string_view text) {
  if (text.size() <= kMaxShortText)
    return text;
  size_t size = kMaxShortText;
  while (size > 0 && (text[size] & 0xc0) == 0x80)
    --size;
  return text.substr(0, size);
}

}  // namespace rtms

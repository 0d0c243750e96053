// SPDX-License-Identifier: LGPL-2.1-or-later
// The beginnings of texts that a server sends.
#pragma once

#include <glib.h>
#include <string>
#include <string_view>

namespace rtms {

// Names and reasons are read by people, but may come as long as a message: so many bytes are kept.
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

// `server_urls` may be a list: the first URL in it, which commas part.
inline std::string first_url(std::string_view list) {
  list = list.substr(0, list.find(','));
  while (!list.empty() && g_ascii_isspace(list.front()))
    list.remove_prefix(1);
  while (!list.empty() && g_ascii_isspace(list.back()))
    list.remove_suffix(1);
  return std::string(list);
}

}  // namespace rtms

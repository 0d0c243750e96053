// SPDX-License-Identifier: LGPL-2.1-or-later
// Limits texts from a server to one short line.
#pragma once

#include <glib.h>
#include <string>
#include <string_view>

namespace rtms {

// Names and reasons are for people, but may be as long as a message: this many bytes are kept.
constexpr size_t kMaxShortText = 256;

// Returns the beginning of the text, of at most `most` bytes, cut between characters.
inline std::string_view shorten(std::string_view text, size_t most = kMaxShortText) {
  if (text.size() <= most)
    return text;
  size_t size = most;
  while (size > 0 && (text[size] & 0xc0) == 0x80)
    --size;
  return text.substr(0, size);
}

// Whether a character, given from its first byte, is a control character (ASCII's, or C1's U+0080
// to U+009F) or a separator (U+2028, U+2029). Terminals obey some; subtitles end at others.
inline bool is_control(std::string_view text) {
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(i < text.size() ? text[i] : 0);
  };
  return byte(0) < 0x20 || byte(0) == 0x7f ||
         (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) ||
         (byte(0) == 0xe2 && byte(1) == 0x80 && (byte(2) == 0xa8 || byte(2) == 0xa9));
}

inline bool has_controls(std::string_view text) {
  for (size_t i = 0; i < text.size(); i++)
    if (is_control(text.substr(i)))
      return true;
  return false;
}

// Returns the text with a space for each control character; `text` is valid UTF-8.
inline std::string one_line(std::string_view text) {
  std::string line;
  for (size_t i = 0; i < text.size(); i++) {
    if (!is_control(text.substr(i))) {
      line += text[i];
      continue;
    }
    line += ' ';
    while (i + 1 < text.size() && (text[i + 1] & 0xc0) == 0x80)
      i++;
  }
  return line;
}

// Returns the first URL of `server_urls`, which may be a list separated by commas.
inline std::string first_url(std::string_view list) {
  list = list.substr(0, list.find(','));
  while (!list.empty() && g_ascii_isspace(list.front()))
    list.remove_prefix(1);
  while (!list.empty() && g_ascii_isspace(list.back()))
    list.remove_suffix(1);
  return std::string(list);
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "names.h"

#include "base/glibptr.h"

#include <cstdio>

namespace rtms::recorder {
namespace {

using DateTimePtr = std::unique_ptr<GDateTime, FreeWith<g_date_time_unref>>;

std::string stamp(int64_t unix_us, const char *format) {
  DateTimePtr time(g_date_time_new_from_unix_utc(unix_us / G_USEC_PER_SEC));
  StringPtr text(g_date_time_format(time.get(), format));
  return text.get();
}

bool breaks_line(gunichar c) {
  const GUnicodeType type = g_unichar_type(c);
  return type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

// Embeddings, overrides and isolates reorder the text after them, even other texts. All other
// format characters are part of the spelling: joiners, marks, soft hyphens, tags.
bool reorders(gunichar c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string safe_name(std::string_view text, size_t longest) {
  std::string name;
  for (char c : text) {
    const bool plain = g_ascii_isalnum(c) || c == '_' || (c == '.' && !name.empty());
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
    if (name.size() >= longest)
      break;
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.'))
    name.pop_back();
  return name.empty() ? "unnamed" : name;
}

std::string shown(std::string_view text, size_t longest) {
  StringPtr valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  std::string result;
  size_t count = 0;
  for (const char *at = valid.get(); *at; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    if (count++ == longest)
      return result + "…";
    if (breaks_line(c))
      result += ' ';
    else if (!reorders(c))
      result.append(at, static_cast<const char *>(g_utf8_next_char(at)));
  }
  return result;
}

std::string file_stamp(int64_t unix_us) {
  return stamp(unix_us, "%Y-%m-%dT%H-%M-%SZ");
}

std::string time_stamp(int64_t unix_us) {
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(unix_us / 1000 % 1000));
  return stamp(unix_us, "%Y-%m-%dT%H:%M:%S") + fraction;
}

std::string clock_text(int64_t seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%d:%02d:%02d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return text;
}

}  // namespace rtms::recorder

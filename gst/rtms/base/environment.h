// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <initializer_list>
#include <string_view>

namespace rtms {

// Returns the text without white space at its ends.
inline std::string_view trimmed(std::string_view text) {
  constexpr char kSpace[] = " \t\n\v\f\r";
  const size_t start = text.find_first_not_of(kSpace);
  return start == std::string_view::npos
             ? std::string_view()
             : text.substr(start, text.find_last_not_of(kSpace) + 1 - start);
}

// Returns the value of the first variable that is set and not empty, else "". A value that was read
// from a file, as those of containers are, may end with a line break, which does not belong to it.
inline std::string_view environment(std::initializer_list<const char *> names) {
  for (const char *name : names) {
    const char *value = g_getenv(name);
    if (const std::string_view text = trimmed(value ? value : ""); !text.empty())
      return text;
  }
  return "";
}

}  // namespace rtms

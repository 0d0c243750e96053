// SPDX-License-Identifier: LGPL-2.1-or-later
// `server_urls` can be a list.
#pragma once

#include <glib.h>
#include <string>
#include <string_view>

namespace rtms {

// The first of a comma-separated list.
inline std::string first_url(std::string_view list) {
  list = list.substr(0, list.find(','));
  while (!list.empty() && g_ascii_isspace(list.front()))
    list.remove_prefix(1);
  while (!list.empty() && g_ascii_isspace(list.back()))
    list.remove_suffix(1);
  return std::string(list);
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <initializer_list>

namespace rtms {

// Returns the value of the first variable that is set and not empty, else "".
inline const char *environment(std::initializer_list<const char *> names) {
  for (const char *name : names)
    if (const char *value = g_getenv(name); value && *value)
      return value;
  return "";
}

}  // namespace rtms

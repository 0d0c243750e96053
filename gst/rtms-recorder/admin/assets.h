// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of the page, compiled into the program.
#pragma once

#include "base/glibptr.h"

#include <optional>
#include <string>

namespace rtms::recorder {

struct Asset {
  std::string type, text;
};
// Finds a file by the path of its URL; "/" is the page.
std::optional<Asset> find_asset(const std::string &path);

}  // namespace rtms::recorder

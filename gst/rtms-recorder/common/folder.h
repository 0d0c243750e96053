// SPDX-License-Identifier: LGPL-2.1-or-later
// What a folder holds. The range loop over a directory_iterator throws when a disk fails.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace rtms::recorder {

// Returns what could be read, in no order.
inline std::vector<std::filesystem::path> paths_in(const std::string &folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure))
    paths.push_back(entry->path());
  return paths;
}

}  // namespace rtms::recorder

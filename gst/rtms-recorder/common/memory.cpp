// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory.h"

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

uint64_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(size)
                               : UINT64_MAX;
}

// Of the group and of those around it (cgroup v2). A group without a limit says "max"; above
// "high" the kernel slows the process down.
uint64_t group_limit() {
  uint64_t least = UINT64_MAX;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.compare(0, 3, "0::") != 0)
      continue;
    const fs::path root = "/sys/fs/cgroup";
    for (fs::path at = line.substr(3);; at = at.parent_path()) {
      for (const char *name : {"memory.max", "memory.high"}) {
        uint64_t limit = 0;
        if (std::ifstream(root / at.relative_path() / name) >> limit)
          least = std::min(least, limit);
      }
      if (at.relative_path().empty())
        break;
    }
  }
  return least;
}

}  // namespace

uint64_t memory_limit() {
  static const uint64_t limit = std::min(machine_memory(), group_limit());
  return limit;
}

std::atomic<unsigned> MemoryShare::all_{0};

uint64_t MemoryShare::bytes() {
  constexpr uint64_t kPart = 4;
  return std::clamp(memory_limit() / kPart / std::max(all_.load(), 1U), kLeast, kMost);
}

}  // namespace rtms::recorder

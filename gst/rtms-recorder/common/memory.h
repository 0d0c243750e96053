// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory that pictures may take while they wait for a file.
#pragma once

#include <atomic>
#include <cstdint>

namespace rtms::recorder {

// Returns the bytes of memory that this process may use: those of the machine, or of its control
// group. Read at the first call.
uint64_t memory_limit();

// A queue of pictures. All of them have a quarter of the memory, in equal shares.
class MemoryShare {
 public:
  static constexpr uint64_t kMost = 80 << 20, kLeast = 8 << 20;

  MemoryShare() { all_++; }
  ~MemoryShare() { all_--; }
  MemoryShare(const MemoryShare &) = delete;
  MemoryShare &operator=(const MemoryShare &) = delete;

  // Returns the bytes that each may hold now.
  static uint64_t bytes();

 private:
  static std::atomic<unsigned> all_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Data in memory that waits for the audio of its time. Pure: running times in ns.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace rtms::recorder {

class Room {
 public:
  void add(uint64_t running, uint64_t bytes) {
    waiting_.emplace_back(running, bytes);
    bytes_ += bytes;
  }
  // The audio before `running` is mixed.
  void passed(uint64_t running) {
    for (; !waiting_.empty() && waiting_.front().first < running; waiting_.pop_front())
      bytes_ -= waiting_.front().second;
  }
  bool is_full(uint64_t most) const { return bytes_ > most; }

 private:
  uint64_t bytes_ = 0;
  std::deque<std::pair<uint64_t, uint64_t>> waiting_;
};

}  // namespace rtms::recorder

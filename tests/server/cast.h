// SPDX-License-Identifier: LGPL-2.1-or-later
// Who speaks when in the made meeting, and on which clock. All positions are ms of the stream.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "source.h"

namespace rtmstest {

struct Cast {
  int64_t start_timestamp = 0;  // Unix ms of position 0
  int64_t end_ms = INT64_MAX;   // of the stream
  unsigned speakers = 2;
  std::atomic<uint64_t> subscribed_user{0};  // whose video is shown, 0: the active speaker's
  bool sizes_differ = false;                 // every other speaker's camera is 4:3
  std::vector<int> attributes;               // of transcript lines
  bool channels = false;                     // each one is heard separately, whatever was asked for

  static constexpr int64_t kTurnMs = 4000;
  static constexpr int64_t kOverlapMs =
      1000;  // the next one interrupts so long before a turn's end

  unsigned active(int64_t position_ms) const;
  // Up to two at a time.
  std::vector<unsigned> speaking(int64_t position_ms) const;
  static uint64_t user_id(unsigned speaker) { return 16778240 + uint64_t{speaker} * 1024; }
  static std::string user_name(unsigned speaker);
  static double pitch(unsigned speaker) { return 140.0 + 55.0 * (speaker % 8); }
};

}  // namespace rtmstest

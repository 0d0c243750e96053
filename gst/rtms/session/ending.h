// SPDX-License-Identifier: LGPL-2.1-or-later
// When a terminated stream is over: the end arrives on one connection, and can overtake media on
// the others. Pure: the time is an argument.
#pragma once

#include <cstdint>

namespace rtms {

class Ending {
 public:
  // The duration of a round of waiting.
  static constexpr unsigned kRound_ms = 300;

  // Media arrived, with their capture time. Is called before the end, too.
  void media(int64_t captured_ms) {
    came_ = true;
    if (captured_ms > newest_ms_)
      newest_ms_ = captured_ms;
  }
  // The service reported that the stream is terminated.
  void begin(int64_t now_ms);
  // Is called after each round. Returns true if no media from before the end are in transit.
  bool over(int64_t now_ms);
  unsigned rounds() const { return rounds_; }

 private:
  int64_t newest_ms_ = 0;  // capture time
  int64_t newest_at_begin_ms_ = 0;
  int64_t began_ms_ = 0;
  unsigned rounds_ = 0;
  bool came_ = false;  // media arrived in this round
};

}  // namespace rtms

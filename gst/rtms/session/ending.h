// SPDX-License-Identifier: LGPL-2.1-or-later
// When a stream that was terminated is over: the end comes on one connection, and can overtake
// media on the others. Pure: the time is an argument.
#pragma once

#include <cstdint>

namespace rtms {

class Ending {
 public:
  // How long a round of waiting takes.
  static constexpr unsigned kRound_ms = 300;

  // Media came, captured then. Before the end, too.
  void media(int64_t captured_ms) {
    came_ = true;
    if (captured_ms > newest_ms_)
      newest_ms_ = captured_ms;
  }
  // The service has said that the stream is terminated.
  void begin(int64_t now_ms);
  // After each round: true when nothing from before the end is on its way any more.
  bool over(int64_t now_ms);
  unsigned rounds() const { return rounds_; }

 private:
  int64_t newest_ms_ = 0;  // capture time
  int64_t newest_at_begin_ms_ = 0;
  int64_t began_ms_ = 0;
  unsigned rounds_ = 0;
  bool came_ = false;  // in this round
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// When a terminated stream is over: the end arrives on one connection, and can overtake media on
// the others. Pure: the time is an argument.
#pragma once

#include "protocol/types.h"

#include <array>
#include <cstdint>

namespace rtms {

class Ending {
 public:
  // The duration of a round of waiting.
  static constexpr unsigned kRound_ms = 300;

  // Media arrived, with their capture time. Is called before the end, too.
  void media(Media kind, int64_t captured_ms) {
    Kind &one = kinds_[static_cast<unsigned>(kind)];
    one.came = true;
    if (captured_ms > one.newest_ms)
      one.newest_ms = captured_ms;
  }
  // The service reported that the stream is terminated; `told_ms` is the time of that by the
  // service's clock, 0 where it is unknown.
  void begin(int64_t now_ms, int64_t told_ms);
  // Is called after each round, when all that had arrived was read. Returns true if no media from
  // before the end are in transit.
  bool over(int64_t now_ms);
  unsigned rounds() const { return rounds_; }

 private:
  struct Kind {
    int64_t newest_ms = 0;  // capture time; 0: unknown
    int64_t newest_at_begin_ms = 0;
    bool came = false;  // media arrived in this round
  };
  bool is_awaited(const Kind &kind, int64_t elapsed_ms) const;

  std::array<Kind, kMediaCount> kinds_;
  int64_t end_ms_ = 0;  // a capture time that is not later than the end
  int64_t began_ms_ = 0;
  unsigned rounds_ = 0;
};

}  // namespace rtms

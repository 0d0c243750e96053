// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ending.h"

namespace rtms {
namespace {

constexpr unsigned kMaxRounds = 30;
// After this many rounds, media that arrive no faster than captured are no backlog: the service
// continues to send.
constexpr unsigned kLiveRounds = 7;

bool is_live_pace(int64_t media_ms, int64_t elapsed_ms) {
  constexpr int64_t kPacket_ms = 500;
  return media_ms <= elapsed_ms + elapsed_ms / 2 + kPacket_ms;
}

}  // namespace

void Ending::begin(int64_t now_ms) {
  began_ms_ = now_ms;
  newest_at_begin_ms_ = newest_ms_;
  rounds_ = 0;
  came_ = false;
}

bool Ending::over(int64_t now_ms) {
  rounds_++;
  const bool quiet = !came_;
  came_ = false;
  const bool live =
      rounds_ >= kLiveRounds && is_live_pace(newest_ms_ - newest_at_begin_ms_, now_ms - began_ms_);
  return quiet || live || rounds_ >= kMaxRounds;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ending.h"

#include <algorithm>

namespace rtms {
namespace {

// Media captured before the end come within this many rounds. They are a backlog of the service, of
// the network, or of this machine.
constexpr unsigned kMaxRounds = 200;
// Others need not be waited for as long.
constexpr unsigned kMaxRoundsAfter = 30;
// After this many rounds, media that arrive no faster than captured are no backlog: the service
// continues to send.
constexpr unsigned kLiveRounds = 7;
// Two clocks of the service differ by less.
constexpr int64_t kClocks_ms = 10000;
// The end's own time is believed if it is no later than this after the newest media.
constexpr int64_t kMostSilence_ms = 600000;

bool is_live_pace(int64_t media_ms, int64_t elapsed_ms) {
  constexpr int64_t kPacket_ms = 500;
  return media_ms <= elapsed_ms + elapsed_ms / 2 + kPacket_ms;
}

}  // namespace

void Ending::begin(int64_t now_ms, int64_t told_ms) {
  began_ms_ = now_ms;
  rounds_ = 0;
  end_ms_ = 0;
  // A wrong timestamp of one kind must not make all others late.
  for (const Kind &kind : kinds_)
    if (!told_ms || kind.newest_ms <= told_ms + kClocks_ms)
      end_ms_ = std::max(end_ms_, kind.newest_ms);
  if (told_ms > end_ms_ && told_ms <= end_ms_ + kMostSilence_ms)
    end_ms_ = told_ms;
  for (Kind &kind : kinds_) {
    kind.newest_at_begin_ms = kind.newest_ms ? kind.newest_ms : end_ms_;
    kind.came = false;
  }
}

bool Ending::is_awaited(const Kind &kind, int64_t elapsed_ms) const {
  if (!kind.came)
    return false;
  if (kind.newest_ms && kind.newest_ms < end_ms_)
    return rounds_ < kMaxRounds;
  const bool live =
      rounds_ >= kLiveRounds && is_live_pace(kind.newest_ms - kind.newest_at_begin_ms, elapsed_ms);
  return !live && rounds_ < kMaxRoundsAfter;
}

bool Ending::over(int64_t now_ms) {
  rounds_++;
  bool waits = false;
  for (Kind &kind : kinds_) {
    waits |= is_awaited(kind, now_ms - began_ms_);
    kind.came = false;
  }
  return !waits;
}

}  // namespace rtms

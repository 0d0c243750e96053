// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frontier.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

// A minute is replayed, perhaps as slowly as it was spoken, and the first to speak in it may have
// no pad yet.
constexpr uint64_t kReplayEnds = 65 * Frontier::kSecond;

uint64_t before(uint64_t time, uint64_t by) {
  return time > by ? time - by : 0;
}

}  // namespace

Frontier::Seen Frontier::ago(uint64_t time) const {
  const auto found = std::find_if(past_.rbegin(), past_.rend(), [&](const Moment &moment) {
    return moment.when + time <= past_.back().when;
  });
  return found == past_.rend() ? Seen() : found->seen;
}

void Frontier::restored() {
  if (std::exchange(away_, false) && !past_.empty())
    restored_ = past_.back().when;
}

void Frontier::ended() {
  away_ = false;
  restored_ = 0;
}

uint64_t Frontier::at(uint64_t now, const Seen &seen, bool full) {
  past_.push_back({now, seen});
  while (past_.size() > 1 && past_[1].when + kStandstill <= now)
    past_.pop_front();
  const uint64_t audio = ago(several_ ? kMixing : 0).audio;
  if (audio + kStandstill > now)  // new audio has come
    restored_ = 0;
  const bool may_replay = away_ || (restored_ && now < restored_ + kReplayEnds);
  if (!full && (seen.pads > 0 || may_replay))
    return std::max(audio, before(now, kLongest));
  return std::max({audio, ago(kStandstill).anything, before(now, kStandstill)});
}

}  // namespace rtms::recorder

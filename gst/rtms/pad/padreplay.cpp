// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padreplay.h"

#include <algorithm>

namespace rtms {
namespace {

// The service buffers media for up to a minute. It replays them after the reconnect, without long
// pauses, for up to as long again.
constexpr int64_t kLongest_us = 65 * 1000 * 1000, kPause_us = 2 * 1000 * 1000;

}  // namespace

int64_t PadReplay::begins(int64_t now_us) {
  const int64_t wait_us = int64_t{wait_ms_} * 1000;
  until_us_ = now_us + (wait_ms_ && wait_us < kPause_us ? wait_us : kPause_us);
  return until_us_;
}

int64_t PadReplay::lost(int64_t now_us) {
  until_us_ = now_us + (wait_ms_ ? int64_t{wait_ms_} * 1000 : kLongest_us);
  return until_us_;
}

int64_t PadReplay::restored(int64_t now_us, unsigned patience_ms) {
  if (wait_ms_)
    return until_us_;
  until_us_ = now_us + kLongest_us;
  return at_most(now_us + std::max(int64_t{patience_ms} * 1000, kPause_us));
}

int64_t PadReplay::came(bool is_new, int64_t arrival_us, int64_t now_us) {
  if (!is_new && now_us < until_us_)
    return at_most(arrival_us + kPause_us);
  until_us_ = 0;
  return 0;
}

}  // namespace rtms

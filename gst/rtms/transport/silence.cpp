// SPDX-License-Identifier: LGPL-2.1-or-later
#include "silence.h"

#include <algorithm>

namespace rtms {
namespace {

// A server with quick keep-alives is declared lost sooner. Servers send them only while nothing
// else flows: a longer pause between two says nothing.
constexpr int64_t kQuickPace_ms = 15000;
constexpr unsigned kQuick_ms = 35000, kSlow_ms = 65000;
// How long the answer to a ping may take.
constexpr unsigned kPing_ms = 5000;

}  // namespace

void Silence::keep_alive(int64_t now_ms) {
  quick_ = quick_ || (last_ms_ && now_ms - *last_ms_ <= kQuickPace_ms);
  last_ms_ = now_ms;
}

unsigned Silence::lost_ms() const {
  return fixed_ms_ ? fixed_ms_ : quick_ ? kQuick_ms : kSlow_ms;
}

unsigned Silence::ping_ms() const {
  const unsigned lost = lost_ms();
  return lost - std::min(kPing_ms, lost / 2);
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures how far the media is ahead of the clock: the service may begin with a replay of up to a
// minute. Pure: times are ns of running time.
#pragma once

#include <cstdint>
#include <optional>

namespace rtms::recorder {

class LiveEdge {
 public:
  // `reached` is the end of the media received at `now`, if there is any yet. Returns the lead when
  // it has stopped growing, or no media has come for long.
  std::optional<uint64_t> look(uint64_t now, bool any, uint64_t reached) {
    constexpr uint64_t kMillisecond = 1000000, kGrowth = 50 * kMillisecond,
                       kStill = 300 * kMillisecond, kPatience = 5000 * kMillisecond;
    const uint64_t lead = reached > now ? reached - now : 0;
    if (!since_ || any != any_ || lead > lead_ + kGrowth) {
      since_ = now;
      lead_ = lead;
      any_ = any;
    }
    return now >= *since_ + (any ? kStill : kPatience) ? std::optional(lead_) : std::nullopt;
  }

 private:
  std::optional<uint64_t> since_;
  uint64_t lead_ = 0;
  bool any_ = false;
};

}  // namespace rtms::recorder

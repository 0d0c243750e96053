// SPDX-License-Identifier: LGPL-2.1-or-later
#include "attempts.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

constexpr int64_t kEvery_us = int64_t{Attempts::kEvery_s} * 1000000;

}  // namespace

bool Attempts::allowed(const std::string &from, int64_t now_us) const {
  const auto found = free_at_us_.find(from);
  return found == free_at_us_.end() || found->second - now_us <= (kMost - 1) * kEvery_us;
}

void Attempts::failed(const std::string &from, int64_t now_us) {
  if (free_at_us_.size() >= kMostAddresses && !free_at_us_.count(from))
    forget(now_us);
  int64_t &free_at = free_at_us_[from];
  free_at = std::max(free_at, now_us) + kEvery_us;
}

// Removes expired addresses; without any, the address with the most guesses left.
void Attempts::forget(int64_t now_us) {
  for (auto one = free_at_us_.begin(); one != free_at_us_.end();)
    one = one->second <= now_us ? free_at_us_.erase(one) : std::next(one);
  if (free_at_us_.size() >= kMostAddresses)
    free_at_us_.erase(std::min_element(
        free_at_us_.begin(), free_at_us_.end(),
        [](const auto &one, const auto &other) { return one.second < other.second; }));
}

}  // namespace rtms::recorder

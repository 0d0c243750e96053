// SPDX-License-Identifier: LGPL-2.1-or-later
#include "delivery.h"

#include <algorithm>

namespace rtms {
namespace {

constexpr int64_t kSecond_us = 1000 * 1000, kNsPerUs = 1000;
// Media that arrived within this time count as still arriving.
constexpr int64_t kComing_us = 400 * 1000;
// Live media are less late; later media may be a replay, which ends within kLongest_us.
constexpr int64_t kBehind_ns = kSecond_us * kNsPerUs, kLongest_us = 65 * kSecond_us;
// From capture to arrival.
constexpr int64_t kOnItsWay_ns = kSecond_us * kNsPerUs;

}  // namespace

void Delivery::media(int64_t running_ns, int64_t now_ns, int64_t at_us) {
  const int64_t newest_ns = std::max<int64_t>(newest_ns_, running_ns);
  newest_ns_.store(newest_ns, std::memory_order_relaxed);
  behind_ns_.store(now_ns - newest_ns, std::memory_order_relaxed);
  media_us_.store(at_us, std::memory_order_relaxed);
  alive_us_.store(at_us, std::memory_order_relaxed);
  sends_.store(true, std::memory_order_relaxed);
}

void Delivery::alive(int64_t at_us) {
  alive_us_ = at_us;
  sends_ = false;
}

bool Delivery::is_coming(int64_t now_us) const {
  return now_us - media_us_ <= kComing_us;
}

int64_t Delivery::behind_ns(int64_t now_us) const {
  const int64_t behind_ns = behind_ns_;
  return behind_ns > kBehind_ns && now_us - media_us_ <= kLongest_us ? behind_ns : 0;
}

std::optional<int64_t> Delivery::delivered_ns(int64_t now_ns, int64_t now_us, int64_t wait_us,
                                              bool always) const {
  const int64_t alive_us = alive_us_, quiet_us = now_us - alive_us;
  if (!alive_us || quiet_us > wait_us || !(sends_ || always))
    return std::nullopt;
  return now_ns - quiet_us * kNsPerUs - kOnItsWay_ns;
}

}  // namespace rtms

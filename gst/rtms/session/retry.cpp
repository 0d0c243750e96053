// SPDX-License-Identifier: LGPL-2.1-or-later
#include "retry.h"

#include <algorithm>

namespace rtms {
namespace {
// Media is being lost meanwhile: the first try does not wait for the full delay.
constexpr unsigned kQuick_ms = 100;
constexpr double kJitter = 0.2;
}  // namespace

std::optional<unsigned> Retry::next(int64_t now_ms, double chance) {
  if (limits_.window_ms == 0)
    return std::nullopt;
  if (!lost_ms_)
    lost_ms_ = now_ms;
  if (connected_ms_)
    attempts_ = now_ms - *connected_ms_ >= limits_.delay_ms ? 0 : std::min(attempts_, 1u);
  connected_ms_.reset();
  const int64_t left_ms = *lost_ms_ + limits_.window_ms - now_ms;
  if (left_ms <= 0)
    return std::nullopt;

  double delay_ms = std::min(kQuick_ms, limits_.delay_ms);
  if (attempts_ > 0) {
    const unsigned doublings = std::min(attempts_ - 1, 20u);
    delay_ms = std::min(static_cast<double>(limits_.delay_ms) * (1u << doublings),
                        static_cast<double>(limits_.delay_max_ms));
  }
  attempts_++;
  delay_ms = std::min(delay_ms * (1.0 + kJitter * (2.0 * chance - 1.0)),
                      static_cast<double>(limits_.delay_max_ms));
  // The last try comes inside the window, however long the delay has grown.
  return static_cast<unsigned>(std::min(delay_ms, static_cast<double>(left_ms)));
}

void Retry::succeeded(int64_t now_ms) {
  lost_ms_.reset();
  connected_ms_ = now_ms;
}

void Retry::reset() {
  lost_ms_.reset();
  connected_ms_.reset();
  attempts_ = 0;
}

}  // namespace rtms

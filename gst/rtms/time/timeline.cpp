// SPDX-License-Identifier: LGPL-2.1-or-later
#include "timeline.h"

#include <algorithm>
#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kMaxBeforeFirstMedia_ms = 90 * 1000;
constexpr int64_t kNsPerMs = 1000 * 1000;
// Twenty years: larger differences are invalid, and sums of a few must not overflow.
constexpr int64_t kFar_ms = 20LL * 365 * 24 * 3600 * 1000;

int64_t since(int64_t zero_ms, int64_t unix_ms) {
  return std::clamp(unix_ms - zero_ms, -kFar_ms, kFar_ms) * kNsPerMs;
}
}  // namespace

void Timeline::first_packet(int64_t unix_ms) {
  first_packet_ms_ = unix_ms;
}

void Timeline::anchor(int64_t unix_ms, int64_t running_ns) {
  if (!zero_ms_) {
    const bool near = first_packet_ms_ && *first_packet_ms_ <= unix_ms &&
                      unix_ms - *first_packet_ms_ <= kMaxBeforeFirstMedia_ms;
    zero_ms_ = near ? *first_packet_ms_ : unix_ms;
  }
  // Positions go on where they are: nothing is placed before what has been.
  shift(skew_.skew_ns() / kNsPerMs);
  skew_.reset();
  offset_ns_ = running_ns - position(unix_ms);
}

void Timeline::shift(int64_t by_ms) {
  zero_ms_ = zero_ms() - by_ms;
}

int64_t Timeline::position(int64_t unix_ms) const {
  return since(zero_ms(), unix_ms);
}

int64_t Timeline::start_ms(int64_t relative_ms, int64_t captured_ms) const {
  const int64_t zero_ms = zero_ms_.value_or(captured_ms);
  if (!first_packet_ms_)
    return zero_ms;
  const auto off_ms = [&](int64_t start_ms) {
    return std::abs(since(start_ms, captured_ms) / kNsPerMs -
                    std::clamp(relative_ms, -kFar_ms, kFar_ms));
  };
  return off_ms(*first_packet_ms_) <= off_ms(zero_ms) ? *first_packet_ms_ : zero_ms;
}

Timeline::Segment Timeline::segment() const {
  Segment segment;
  segment.start = static_cast<uint64_t>(std::max<int64_t>(-offset_ns_, 0));
  segment.base = static_cast<uint64_t>(std::max<int64_t>(offset_ns_, 0));
  return segment;
}

}  // namespace rtms

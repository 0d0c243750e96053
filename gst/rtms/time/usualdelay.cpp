// SPDX-License-Identifier: LGPL-2.1-or-later
#include "usualdelay.h"

#include <algorithm>
#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kNsPerMs = 1000 * 1000;
constexpr int64_t kOff_ns = 1000 * kNsPerMs;
// A delay that falls by more than jitter: a backlog, or a server that sends faster than real time.
constexpr int64_t kFall_ns = 500 * kNsPerMs;
constexpr unsigned kEnough = 2;  // seconds
constexpr unsigned kMeans = 32;
}  // namespace

void UsualDelay::Usual::close() {
  // A single message may be early; two seconds are not.
  const int64_t low_ns = std::max(last_ns, least_ns);
  usual_ns = seconds ? std::min(usual_ns, low_ns) : least_ns;
  last_ns = least_ns;
  seconds++;
  since_fall = since_fall ? std::optional<unsigned>(*since_fall + 1) : std::nullopt;
  if (mean_ns > usual_ns + kFall_ns)
    means = 0;
  if (std::abs(least_ns - usual_ns) > kFall_ns)
    return;
  means = std::min(means + 1, kMeans);
  mean_ns = means == 1 ? least_ns : mean_ns + (least_ns - mean_ns) / means;
}

void UsualDelay::learn(Kind kind, int64_t delay_ns, int64_t arrival_ns) {
  Usual &usual = kinds_[kind];
  const bool complete = usual.heard && arrival_ns - usual.start_ns >= kSecond_ns;
  if (complete)
    usual.close();
  if (complete || !usual.heard) {
    usual.heard = true;
    usual.start_ns = arrival_ns;
    usual.first_ns = usual.least_ns = delay_ns;
  }
  usual.least_ns = std::min(usual.least_ns, delay_ns);
  const int64_t before_ns = usual.seconds ? usual.usual_ns : usual.first_ns;
  if (delay_ns < before_ns - kFall_ns)
    usual.since_fall = 0;
}

bool UsualDelay::known() const {
  return std::any_of(kinds_.begin(), kinds_.end(), [](const Usual &usual) { return usual.heard; });
}

bool UsualDelay::in_real_time() const {
  return std::any_of(kinds_.begin(), kinds_.end(), [](const Usual &usual) {
    return usual.since_fall.value_or(usual.seconds) >= kEnough;
  });
}

bool UsualDelay::settled() const {
  return in_real_time() || std::none_of(kinds_.begin(), kinds_.end(), [](const Usual &usual) {
           return usual.since_fall.has_value();
         });
}

std::optional<int64_t> UsualDelay::reference_ns(Kind kind) const {
  std::optional<int64_t> least_ns;
  for (int other = Audio; other < kKinds; other++) {
    if (other == kind || !kinds_[other].heard)
      continue;
    if (other == Audio)
      return kinds_[Audio].on_time_ns();
    const int64_t other_ns = kinds_[other].on_time_ns();
    least_ns = std::min(least_ns.value_or(other_ns), other_ns);
  }
  return least_ns;
}

int64_t UsualDelay::expected_ns(Kind kind, bool compare) const {
  const Usual &own = kinds_[kind];
  const std::optional<int64_t> reference =
      compare || !own.seconds ? reference_ns(kind) : std::nullopt;
  if (own.seconds && (!reference || own.usual_ns <= *reference + kOff_ns))
    return own.on_time_ns();
  return reference.value_or(own.on_time_ns());
}

int64_t UsualDelay::earliest_ns() const {
  std::optional<int64_t> least_ns;
  for (const Usual &usual : kinds_)
    if (usual.heard)
      least_ns = std::min(least_ns.value_or(usual.value_ns()), usual.value_ns());
  return least_ns.value_or(0);
}

bool UsualDelay::audio_caught_up() const {
  const Usual &audio = kinds_[Audio];
  return audio.seconds >= kEnough &&
         std::any_of(kinds_.begin() + Video, kinds_.end(), [&](const Usual &other) {
           return other.seconds >= kEnough && audio.usual_ns <= other.usual_ns + kOff_ns;
         });
}

}  // namespace rtms

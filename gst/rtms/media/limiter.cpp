// SPDX-License-Identifier: LGPL-2.1-or-later
#include "limiter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <limits>
#include <numeric>

namespace rtms {
namespace {

constexpr unsigned kAhead_ms = 5;
constexpr unsigned kRecovery_ms = 200;  // from 0 to 1; from half the gain, half as long
constexpr int32_t kMost = std::numeric_limits<int16_t>::max();
constexpr int32_t kLeast = std::numeric_limits<int16_t>::min();

bool fits(int32_t sample) {
  return sample >= kLeast && sample <= kMost;
}

float gain_of(int32_t sample) {
  return fits(sample) ? 1.0F : static_cast<float>(kMost) / static_cast<float>(std::abs(sample));
}

// Returns the gain at which the samples of all channels fit.
float gain_of(const int32_t *samples, size_t channels) {
  float gain = 1;
  for (size_t channel = 0; channel < channels; channel++)
    gain = std::min(gain, gain_of(samples[channel]));
  return gain;
}

// Returns, for each of the first `count` samples, the least gain of it and the next `ahead` - 1.
std::vector<float> least_gains(const std::vector<int32_t> &samples, size_t channels, size_t count,
                               size_t ahead) {
  const size_t there = samples.size() / channels;
  std::vector<float> least;
  std::deque<std::pair<size_t, float>> rising;  // positions and gains
  for (size_t i = 0, seen = 0; i < count; i++) {
    for (; seen < there && seen < i + ahead; seen++) {
      const float gain = gain_of(&samples[seen * channels], channels);
      while (!rising.empty() && rising.back().second >= gain)
        rising.pop_back();
      rising.emplace_back(seen, gain);
    }
    while (!rising.empty() && rising.front().first < i)
      rising.pop_front();
    least.push_back(rising.empty() ? 1.0F : rising.front().second);
  }
  return least;
}

}  // namespace

Limiter::Limiter(unsigned rate, unsigned channels)
    : channels_(channels),
      recovery_(1000.0F / static_cast<float>(kRecovery_ms) / static_cast<float>(rate)),
      last_(std::max<size_t>(1, size_t{rate} * kAhead_ms / 1000), 1.0F) {}

void Limiter::reset() {
  gain_ = 1;
  std::fill(last_.begin(), last_.end(), 1.0F);
  lowered_ = 0;
}

bool Limiter::is_idle(const std::vector<int32_t> &samples) const {
  return gain_ == 1 && lowered_ == 0 && std::all_of(samples.begin(), samples.end(), fits);
}

// The mean reaches the least gain at its peak, because the least gain fills the whole ring there.
float Limiter::smooth(float gain) {
  gain_ = std::min(gain, gain_ + recovery_);
  lowered_ += gain_ < 1;
  lowered_ -= last_[at_] < 1;
  last_[at_] = gain_;
  at_ = (at_ + 1) % last_.size();
  if (lowered_ == 0)
    return 1;
  return std::accumulate(last_.begin(), last_.end(), 0.0F) / static_cast<float>(last_.size());
}

std::vector<int16_t> Limiter::limit(const std::vector<int32_t> &samples, size_t count) {
  std::vector<int16_t> limited(count * channels_);
  const size_t there = std::min(limited.size(), samples.size());
  if (is_idle(samples)) {
    std::copy_n(samples.begin(), there, limited.begin());
    return limited;
  }
  const std::vector<float> gains = least_gains(samples, channels_, count, ahead());
  for (size_t i = 0; i < count; i++) {
    const float gain = smooth(gains[i]);
    for (size_t at = i * channels_; at < std::min(there, (i + 1) * channels_); at++)
      limited[at] = static_cast<int16_t>(
          std::clamp<long>(std::lrint(static_cast<float>(samples[at]) * gain), kLeast, kMost));
  }
  return limited;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Converts sums of samples to samples without clipping. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rtms {

// The gain decreases before a peak and recovers after it, so that no wave is clipped. Audio without
// peaks passes unchanged, bit by bit. One limiter per track; the samples of its channels are
// interleaved, and have the same gain, so that no peak moves a speaker to one side. All counts are
// of samples per channel.
class Limiter {
 public:
  explicit Limiter(unsigned rate, unsigned channels = 1);

  // Forgets what it has limited.
  void reset();
  // Returns how many samples of look-ahead limit() uses.
  size_t ahead() const { return last_.size(); }
  // Returns the next `count` samples. `samples` may contain more, for the look-ahead.
  std::vector<int16_t> limit(const std::vector<int32_t> &samples, size_t count);

 private:
  bool is_idle(const std::vector<int32_t> &samples) const;
  float smooth(float gain);

  const size_t channels_;
  const float recovery_;     // of the gain, per sample
  float gain_ = 1;           // of the last sample, before smoothing
  std::vector<float> last_;  // a ring of gains; the mean is the next gain
  size_t at_ = 0;
  size_t lowered_ = 0;  // number of gains in the ring below 1
};

}  // namespace rtms

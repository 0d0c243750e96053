// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums of loud voices → samples that do not clip. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rtms::recorder {

// The gain goes down before a peak and comes back behind it, so that no wave is cut off. What has
// no peaks passes unchanged, to the bit. One for each track.
class Limiter {
 public:
  explicit Limiter(unsigned rate);

  // How many samples behind those that are wanted it looks at.
  size_t ahead() const { return last_.size(); }
  // The next `count` samples; what follows them, as far as it is there, is looked at.
  std::vector<int16_t> limit(const std::vector<int32_t> &samples, size_t count);

 private:
  bool is_idle(const std::vector<int32_t> &samples) const;
  float smooth(float gain);

  const float recovery_;     // of the gain, in each sample
  float gain_ = 1;           // of the last sample, before it is smoothed
  std::vector<float> last_;  // a ring of gains, whose mean is the next one's
  size_t at_ = 0;
  size_t lowered_ = 0;  // so many of them are less than 1
};

}  // namespace rtms::recorder

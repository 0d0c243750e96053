// SPDX-License-Identifier: LGPL-2.1-or-later
// How much may be written to one file of texts: a meeting can send messages without end. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rtms::recorder {

class TextBudget {
 public:
  // At once; later a megabyte a second; and in all. An hour of speech has 1 MB.
  static constexpr uint64_t kBurst = 16 << 20, kTotal = uint64_t{300} << 20;

  // Whether this text may be written. Times are monotonic.
  bool take(uint64_t bytes, int64_t now_us) {
    constexpr uint64_t kBytesPerUs = 1;
    const auto passed_us = static_cast<uint64_t>(std::max<int64_t>(now_us - last_us_, 0));
    room_ = std::min(kBurst, room_ + passed_us * kBytesPerUs);
    last_us_ = std::max(last_us_, now_us);
    if (bytes > room_ || bytes > kTotal - taken_)
      return false;
    room_ -= bytes;
    taken_ += bytes;
    return true;
  }

 private:
  uint64_t room_ = kBurst, taken_ = 0;
  int64_t last_us_ = 0;
};

}  // namespace rtms::recorder

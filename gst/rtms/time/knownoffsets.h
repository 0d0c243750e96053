// SPDX-License-Identifier: LGPL-2.1-or-later
// The last four offsets of a track to the common mapping, the newest first. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace rtms {

class KnownOffsets {
 public:
  // Offsets that differ by no more are the same.
  static constexpr int64_t kSame_ns = 250 * 1000 * 1000;

  const int64_t *begin() const { return offsets_.data(); }
  const int64_t *end() const { return offsets_.data() + count_; }
  bool empty() const { return count_ == 0; }

  // Moves the offset to the front; a fifth one replaces the oldest.
  void add(int64_t offset_ns) {
    const auto end = offsets_.begin() + count_;
    auto place = std::find_if(offsets_.begin(), end, [=](int64_t known_ns) {
      return std::abs(known_ns - offset_ns) <= kSame_ns;
    });
    if (place == end && count_ < static_cast<int>(offsets_.size()))
      count_++;
    else if (place == end)
      place--;
    std::rotate(offsets_.begin(), place, place + 1);
    offsets_[0] = offset_ns;
  }

  // The common mapping was moved by `ns`.
  void common_moved(int64_t ns) {
    for (int64_t &offset_ns : offsets_)
      offset_ns -= ns;
  }

 private:
  std::array<int64_t, 4> offsets_{};
  int count_ = 0;
};

}  // namespace rtms

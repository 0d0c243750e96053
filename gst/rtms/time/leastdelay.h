// SPDX-License-Identifier: LGPL-2.1-or-later
// The least delay of each second of one track. Pure: all times are arguments.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace rtms {

// The delay of a message is its arrival minus its position. The least one of a second is what the
// network takes when nothing holds a message up.
class LeastDelay {
 public:
  // Returns true when a second is complete.
  bool add(int64_t delay_ns, int64_t arrival_ns) {
    const bool complete = start_ns_ && arrival_ns - *start_ns_ >= kSecond_ns;
    if (complete)
      close(least_ns_);
    if (complete || !start_ns_) {
      start_ns_ = arrival_ns;
      least_ns_ = delay_ns;
    }
    least_ns_ = std::min(least_ns_, delay_ns);
    return complete;
  }
  // The least delay of the last complete second.
  int64_t last_ns() const { return last_[0]; }
  // For how many complete seconds it has stayed the same, and has not been falling: a track that
  // catches up does not count.
  unsigned steady() const;
  // The mean of the least delays of these seconds.
  int64_t steady_ns() const;
  // The track was moved by `ns`.
  void moved(int64_t ns);

 private:
  static constexpr int64_t kSecond_ns = 1000 * 1000 * 1000;

  void close(int64_t least_ns);

  bool falling() const;
  int64_t count() const;

  std::optional<int64_t> start_ns_;  // of the second that is not complete
  int64_t least_ns_ = 0;             // of that
  unsigned seconds_ = 0;             // complete ones that lie within the band
  int64_t low_ns_ = 0, high_ns_ = 0;
  std::array<int64_t, 8> last_{};  // of these, the newest first
};

}  // namespace rtms

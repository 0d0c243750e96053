// SPDX-License-Identifier: LGPL-2.1-or-later
// The least delay of each second of one track. Pure: all times are arguments.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace rtms {

// The delay of a message is its arrival minus its position. The least delay of a second is that of
// a message that nothing held up.
class LeastDelay {
 public:
  // Adds a message. Returns true when a second is complete.
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
  // Returns the number of the last complete seconds with a constant delay; 0 while the delay falls,
  // for then the track catches up.
  unsigned steady() const;
  // Returns the mean of the least delays of these seconds, of the last eight at most.
  int64_t steady_ns() const;
  // The track's positions moved by `ns`.
  void moved(int64_t ns);

 private:
  static constexpr int64_t kSecond_ns = 1000 * 1000 * 1000;

  void close(int64_t least_ns);

  bool falling() const;
  int64_t count() const;

  std::optional<int64_t> start_ns_;  // of the incomplete second
  int64_t least_ns_ = 0;             // of the incomplete second
  unsigned seconds_ = 0;             // complete seconds within the band
  int64_t low_ns_ = 0, high_ns_ = 0;
  std::array<int64_t, 8> last_{};  // least delays of these seconds, the newest first
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Unix ms → the stream's time line, and that to running time. Pure: all times are arguments.
#pragma once

#include "skew.h"

#include <cstdint>
#include <optional>

namespace rtms {

// The common mapping of a stream's media.
//
// Position 0 is FIRST_PACKET_TIMESTAMP where that event came and lies within 90 s before the first
// media, else the first media's own time. The first media's position is played at the running time
// at which it arrived; that stays so until the next anchor().
class Timeline {
 public:
  void first_packet(int64_t unix_ms);

  bool anchored() const { return zero_ms_.has_value(); }
  // For the first media, and for the first after the pipeline was paused: `running_ns` is when it
  // arrived.
  void anchor(int64_t unix_ms, int64_t running_ns);
  // The server's clock has jumped: whatever it says from now on is `by_ms` later than it was.
  void shift(int64_t by_ms);

  // ns since position 0 by the server's clock; negative for what was captured before.
  int64_t position(int64_t unix_ms) const;
  // What to add to a position so that it keeps pace with the pipeline's clock.
  int64_t skew_ns() const { return skew_.skew_ns(); }
  // Tells of media that arrived in time: the basis of the skew.
  void observe(UsualDelay::Kind kind, int64_t position_ns, int64_t running_ns) {
    skew_.observe(kind, position_ns, running_ns);
  }
  // Unix ms of the stream's start, for a text that begins `relative_ms` after it and came at
  // `captured_ms`: FIRST_PACKET_TIMESTAMP or position 0, whichever makes more sense.
  int64_t start_ms(int64_t relative_ms, int64_t captured_ms) const;
  // Unix ms of position 0.
  int64_t zero_ms() const { return zero_ms_.value_or(0); }

  // The segment that maps positions to running time: running time = position - start + base.
  struct Segment {
    uint64_t start = 0;
    uint64_t base = 0;
  };
  Segment segment() const;

 private:
  std::optional<int64_t> first_packet_ms_;
  std::optional<int64_t> zero_ms_;
  int64_t offset_ns_ = 0;  // running time - position
  Skew skew_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Maps Unix ms to the stream's time line, and that to running time. Pure: all times are arguments.
#pragma once

#include "skew.h"

#include <cstdint>
#include <optional>

namespace rtms {

// The common mapping of a stream's media.
//
// Position 0 is FIRST_PACKET_TIMESTAMP if that event lies within 90 s before the first media, else
// the timestamp of the first media. The first media's position maps to the running time of their
// arrival, until the next anchor().
class Timeline {
 public:
  void first_packet(int64_t unix_ms);

  bool anchored() const { return zero_ms_.has_value(); }
  // Is called for the first media, and for the first after a pause of the pipeline; `running_ns` is
  // their arrival.
  void anchor(int64_t unix_ms, int64_t running_ns);
  // The server's clock jumped: its timestamps are `by_ms` later from now on.
  void shift(int64_t by_ms);

  // Returns ns since position 0 by the server's clock; negative for media captured before.
  int64_t position(int64_t unix_ms) const;
  // Returns what to add to a position so that it follows the pipeline's clock.
  int64_t skew_ns() const { return skew_.skew_ns(); }
  // Media arrived in time: the skew is computed from them.
  void observe(UsualDelay::Kind kind, int64_t position_ns, int64_t running_ns) {
    skew_.observe(kind, position_ns, running_ns);
  }
  // Returns the stream's start in Unix ms, for a text that begins `relative_ms` after it and was
  // captured at `captured_ms`: FIRST_PACKET_TIMESTAMP or position 0, whichever is plausible.
  int64_t start_ms(int64_t relative_ms, int64_t captured_ms) const;
  // Returns position 0 in Unix ms.
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

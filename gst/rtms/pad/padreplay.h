// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a pad sends no GAP, because the service replays media from the loss of a connection.
// Pure: monotonic times are arguments, in µs.
#pragma once

#include <cstdint>

namespace rtms {

class PadReplay {
 public:
  // `wait_ms`: the limit; 0: while the connection is lost, and the service may replay.
  explicit PadReplay(unsigned wait_ms) : wait_ms_(wait_ms) {}

  // Each returns the time before which no GAP may be sent; 0: GAPs are allowed.

  // The stream begins with other media: this pad's may follow a little later.
  int64_t begins(int64_t now_us);
  int64_t lost(int64_t now_us);
  // `patience_ms`: how long a replay may take to begin; at least 2 s.
  int64_t restored(int64_t now_us, unsigned patience_ms = 0);
  // A buffer arrived; `is_new`: it is hardly late.
  int64_t came(bool is_new, int64_t arrival_us, int64_t now_us);

  // True after a loss or the begin of the stream, until a new buffer arrives.
  bool is_awaited() const { return until_us_ != 0; }

 private:
  int64_t at_most(int64_t until_us) const { return until_us < until_us_ ? until_us : until_us_; }

  const unsigned wait_ms_;
  int64_t until_us_ = 0;  // the limit
};

}  // namespace rtms

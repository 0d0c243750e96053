// SPDX-License-Identifier: LGPL-2.1-or-later
// For how long a pad sends no GAP: the service replays what it buffered while the connection was
// lost. Pure: monotonic times are arguments, in us.
#pragma once

#include <cstdint>

namespace rtms {

class PadReplay {
 public:
  // `wait_ms`: the longest; 0: as long as the connection is away, and the service may replay.
  explicit PadReplay(unsigned wait_ms) : wait_ms_(wait_ms) {}

  // Each returns until when no GAP goes out; 0: GAPs go out.

  // The stream begins with other media: this pad's may be a little behind.
  int64_t begins(int64_t now_us);
  int64_t lost(int64_t now_us);
  int64_t restored(int64_t now_us);
  // Something has come. It is new where it is hardly late.
  int64_t came(bool is_new, int64_t arrival_us, int64_t now_us);

  // The connection was lost, or the stream begins, and what comes is not known to be new.
  bool is_awaited() const { return until_us_ != 0; }

 private:
  int64_t at_most(int64_t until_us) const { return until_us < until_us_ ? until_us : until_us_; }

  const unsigned wait_ms_;
  int64_t until_us_ = 0;  // the longest
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether and when to try again: exponential backoff with jitter inside a window. Pure: time and
// chance are arguments.
#pragma once

#include "error.h"
#include "protocol/types.h"

#include <cstdint>
#include <optional>

namespace rtms {

class Retry {
 public:
  struct Limits {
    unsigned window_ms = 30000;  // from the loss; 0: no retry
    unsigned delay_ms = 1000;    // of the second try; the first is quick
    unsigned delay_max_ms = 30000;
  };

  explicit Retry(Limits limits) : Retry(limits, limits) {}
  // `first` applies until a handshake succeeds.
  Retry(Limits first, Limits later) : limits_(first), later_(later) {}

  // Is called after a loss or a failed try, at monotonic time `now_ms`. Returns the delay before
  // the next try; nothing if the window has passed. `chance` is in [0, 1).
  std::optional<unsigned> next(int64_t now_ms, double chance);
  // Is called after a successful handshake: the next loss has a window and delays of its own. If
  // the connection ends within the delay, the next try is not quick: a server that accepts and
  // closes would else be called without a pause.
  void succeeded(int64_t now_ms);
  // Forgets the loss.
  void reset();
  // Returns the tries since a lasting connection; connections that did not last count as one.
  unsigned attempts() const { return attempts_; }
  unsigned window_ms() const { return limits_.window_ms; }

 private:
  Limits limits_, later_;
  std::optional<int64_t> lost_ms_, connected_ms_;
  unsigned attempts_ = 0;
};

// Whether another try is useless; `first`: no handshake has succeeded yet.
bool is_final(const SessionError &why, bool first);
// The same for a connection of these media, whose signaling was accepted.
bool is_final_for(MediaMask media, const SessionError &why, bool first);

}  // namespace rtms

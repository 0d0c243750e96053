// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether and when to try again: exponential backoff with jitter inside a window. Pure: time and
// chance are arguments.
#pragma once

#include "error.h"

#include <cstdint>
#include <optional>

namespace rtms {

class Retry {
 public:
  struct Limits {
    unsigned window_ms = 30000;  // from the loss; 0: never again
    unsigned delay_ms = 1000;    // of the second try; the first is quick
    unsigned delay_max_ms = 30000;
  };

  explicit Retry(Limits limits) : Retry(limits, limits) {}
  // `first` holds until something has succeeded.
  Retry(Limits first, Limits later) : limits_(first), later_(later) {}

  // After a loss or a failed try, at monotonic time `now_ms`: how long to wait before the next try;
  // nothing when the window has passed. `chance` lies in [0, 1).
  std::optional<unsigned> next(int64_t now_ms, double chance);
  // After a successful handshake: the next loss has a window of its own, and the delays begin anew.
  // But a connection that does not last for the delay does not make the next try a quick one: who
  // accepts and closes for ever would be called for ever without a pause.
  void succeeded(int64_t now_ms);
  // As if there had been no loss.
  void reset();
  // How many tries there were since a connection lasted; of those that did not, one counts.
  unsigned attempts() const { return attempts_; }
  unsigned window_ms() const { return limits_.window_ms; }

 private:
  Limits limits_, later_;
  std::optional<int64_t> lost_ms_, connected_ms_;
  unsigned attempts_ = 0;
};

// Whether trying again is no use; `first`: nothing has worked on this connection yet.
bool is_final(const SessionError &why, bool first);

}  // namespace rtms

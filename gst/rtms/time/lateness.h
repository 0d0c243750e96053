// SPDX-License-Identifier: LGPL-2.1-or-later
// How late one track is, and whether it stays late. Pure: all times are arguments.
#pragma once

#include "leastdelay.h"

#include <cstdint>
#include <optional>

namespace rtms {

// A late track has one of three causes: a connection that was held up, and catches up; a replay of
// audio from a lost connection, which belongs where its timestamps say; or a sender that paused and
// continues with its old timestamps.
class Lateness {
 public:
  // Adds a message with that delay. Returns true when a second is complete.
  bool add(int64_t delay_ns, int64_t arrival_ns) { return delay_.add(delay_ns, arrival_ns); }
  // The delay grew by `ns` from one message to the next.
  void grew(int64_t ns) { held_up_ns_ += ns > kPause_ns ? ns : 0; }
  // The connection was lost for `away_ns`; its media may be replayed until `until_ns`, at any pace.
  void replay(int64_t away_ns, int64_t until_ns);
  bool replaying() const { return replay_ns_ > 0; }
  int64_t replay_ns() const { return replay_ns_; }
  // Following messages have timestamps of another clock.
  void restart() { delay_ = LeastDelay(); }
  // The track's positions moved by `ns`.
  void moved(int64_t ns) { delay_.moved(ns); }

  // Is called for each complete second; `expected_ns` is the delay of a track on time.
  void check(int64_t expected_ns);
  // Returns by how much the track has been late, constantly, for that many seconds.
  std::optional<int64_t> constant_ns(int64_t expected_ns, unsigned seconds) const;
  // Returns the same if only another clock of the sender explains it.
  std::optional<int64_t> for_good_ns(int64_t expected_ns, int64_t running_ns) const;

 private:
  // Jitter is shorter, a pause of the sender is longer.
  static constexpr int64_t kPause_ns = 500 * 1000 * 1000;

  LeastDelay delay_;
  int64_t held_up_ns_ = 0;  // by pauses, since the track was last on time
  int64_t replay_ns_ = 0;   // how late a replay may be
  int64_t replay_until_ns_ = 0;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// How late one track is, and whether that is for good. Pure: all times are arguments.
#pragma once

#include "leastdelay.h"

#include <cstdint>
#include <optional>

namespace rtms {

// A track that is late may be a connection that was held up, and catches up; audio from while the
// connection was away, which belongs where its timestamps say; or a sender that has paused and goes
// on with the timestamps of before.
class Lateness {
 public:
  // A message on the track had that delay. Returns true when a second is complete.
  bool add(int64_t delay_ns, int64_t arrival_ns) { return delay_.add(delay_ns, arrival_ns); }
  // From one message to the next, the delay grew by `ns`.
  void grew(int64_t ns) { held_up_ns_ += ns > kPause_ns ? ns : 0; }
  // The connection was away for `away_ns`; what it missed may come yet, at any pace, until then.
  void replay(int64_t away_ns, int64_t until_ns);
  bool replaying() const { return replay_ns_ > 0; }
  int64_t replay_ns() const { return replay_ns_; }
  // What comes now is of another clock.
  void restart() { delay_ = LeastDelay(); }
  // The track was moved by `ns`.
  void moved(int64_t ns) { delay_.moved(ns); }

  // To call for each complete second; `expected_ns` is the delay of a track on time.
  void check(int64_t expected_ns);
  // How far the track is off by a constant, for as many seconds.
  std::optional<int64_t> constant_ns(int64_t expected_ns, unsigned seconds) const;
  // The same, where nothing but another clock explains it.
  std::optional<int64_t> for_good_ns(int64_t expected_ns, int64_t running_ns) const;

 private:
  // Jitter is less, a pause is more.
  static constexpr int64_t kPause_ns = 500 * 1000 * 1000;

  LeastDelay delay_;
  int64_t held_up_ns_ = 0;  // by pauses, since it was last on time
  int64_t replay_ns_ = 0;   // how late the track may be since the connection was lost
  int64_t replay_until_ns_ = 0;
};

}  // namespace rtms

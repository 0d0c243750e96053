// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the audio of a meeting is complete. Pure: running times are arguments, in ns.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace rtms::recorder {

// Audio is complete as far as a pad has come, by its buffers or its GAPs: those of a kind come in
// order. rtmssrc pushes no GAP while the service may replay, so that all waits for a connection
// that is away or behind.
class Frontier {
 public:
  static constexpr uint64_t kSecond = 1000000000;
  // Audio that came together, a minute of it at worst, is on several threads: so long they get.
  static constexpr uint64_t kMixing = kSecond;
  // Where no pad tells, by the clock: what is later than that is lost.
  static constexpr uint64_t kStandstill = 5 * kSecond;
  // The service replays a minute, and connections are tried again for as long.
  static constexpr uint64_t kLongest = 70 * kSecond;

  struct Seen {
    uint64_t audio = 0;     // the newest of any audio pad: buffers, and ends of GAPs
    uint64_t anything = 0;  // of any pad
    unsigned pads = 0;      // of audio that have not ended
  };

  // `mixing`: for how long audio of the same time may be under way on other threads.
  explicit Frontier(uint64_t mixing = kMixing) : mixing_(mixing) {}

  // The connection of the audio was lost, or is there again.
  void lost() { away_ = true; }
  void restored();

  // Up to where all that comes has come. `full`: there is no room for more that waits.
  uint64_t at(uint64_t now, const Seen &seen, bool full);

 private:
  struct Moment {
    uint64_t when;
    Seen seen;
  };
  Seen ago(uint64_t time) const;

  const uint64_t mixing_;
  std::deque<Moment> past_;  // the oldest is of kStandstill ago
  bool away_ = false;
  uint64_t restored_ = 0;
};

}  // namespace rtms::recorder

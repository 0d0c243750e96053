// SPDX-License-Identifier: LGPL-2.1-or-later
// The running time up to which a meeting's audio is complete. Pure: running times in ns.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace rtms::recorder {

// Audio is complete up to the newest buffer or GAP of any audio pad: media of a kind arrive in
// order. rtmssrc pushes no GAP while the service may replay audio, so that mixing waits for a lost
// or late connection.
class Frontier {
 public:
  static constexpr uint64_t kSecond = 1000000000;
  // A burst of audio, of up to a minute, is mixed on several threads within this time.
  static constexpr uint64_t kMixing = kSecond;
  // Without audio pads the clock decides: audio later than this is lost.
  static constexpr uint64_t kStandstill = 5 * kSecond;
  // The service replays a minute, and connections are retried for as long.
  static constexpr uint64_t kLongest = 70 * kSecond;

  struct Seen {
    uint64_t audio = 0;     // of any audio pad: buffers, and ends of GAPs
    uint64_t anything = 0;  // of any pad
    unsigned pads = 0;      // audio pads that have not ended
  };

  // `several`: audio of the same time may be in progress on other threads, for kMixing.
  explicit Frontier(bool several = true) : several_(several) {}
  void set_several() { several_ = true; }

  // The connection of the audio was lost, or restored, or is given up.
  void lost() { away_ = true; }
  void restored();
  void ended();

  // Returns the time up to which audio is complete. `full`: no room for more pending data.
  uint64_t at(uint64_t now, const Seen &seen, bool full);

 private:
  struct Moment {
    uint64_t when;
    Seen seen;
  };
  Seen ago(uint64_t time) const;

  bool several_;
  std::deque<Moment> past_;  // the oldest is kStandstill old
  bool away_ = false;
  uint64_t restored_ = 0;
};

}  // namespace rtms::recorder

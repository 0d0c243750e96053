// SPDX-License-Identifier: LGPL-2.1-or-later
// Which delay is usual in a stream, by kind of media. Pure: all times are arguments.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace rtms {

// Delays can only be too long: the least that two seconds agree on never rises. What a track on
// time has is the mean of the least delays of its seconds. Learns from tracks that are on the
// common mapping.
class UsualDelay {
 public:
  enum Kind { Audio, Video, Screen, kKinds };

  void observe(Kind kind, int64_t delay_ns, int64_t arrival_ns) {
    const Usual &usual = kinds_[kind];
    // Most messages change nothing.
    if (!usual.heard || arrival_ns - usual.start_ns >= kSecond_ns || delay_ns < usual.least_ns)
      learn(kind, delay_ns, arrival_ns);
  }
  void reset() { *this = UsualDelay(); }

  // Seconds of the kind that are known.
  unsigned seconds(Kind kind) const { return kinds_[kind].seconds; }
  bool known() const;
  // What is on time for the kind. One that is as a whole more than a second later than the audio
  // (or, for the audio, than what else there is) is not: `compare` is false where that is right.
  int64_t expected_ns(Kind kind, bool compare) const;
  // The least of all kinds: what has less than that is ahead of the clock.
  int64_t earliest_ns() const;
  // A kind is known to come in real time.
  bool in_real_time() const;
  // No kind is being sent faster than real time, or another one is known well enough.
  bool settled() const;
  // Audio is as far as another kind.
  bool audio_caught_up() const;

 private:
  static constexpr int64_t kSecond_ns = 1000 * 1000 * 1000;

  struct Usual {
    void close();
    bool heard = false;
    unsigned seconds = 0;
    std::optional<unsigned> since_fall;                // seconds, where it fell at all
    int64_t start_ns = 0, first_ns = 0, least_ns = 0;  // of the second that is not complete
    int64_t last_ns = 0;                               // the least of the one before
    int64_t usual_ns = 0;                              // the least that two seconds agree on
    unsigned means = 0;                                // seconds in the mean
    int64_t mean_ns = 0;                               // of the least delays
    int64_t on_time_ns() const { return means ? mean_ns : least_ns; }
    // With what is complete, or is falling right now.
    int64_t value_ns() const {
      const bool falling = since_fall && *since_fall == 0 && least_ns < usual_ns;
      return seconds && !falling ? usual_ns : least_ns;
    }
  };

  void learn(Kind kind, int64_t delay_ns, int64_t arrival_ns);
  std::optional<int64_t> reference_ns(Kind kind) const;

  std::array<Usual, kKinds> kinds_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// The usual delay of a stream's media, by kind. Pure: all times are arguments.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace rtms {

// Delays are only ever too long: the least delay that two seconds agree on never rises. A track on
// time has the mean of its seconds' least delays. Only tracks on the common mapping are observed.
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
  void forget(Kind kind) { kinds_[kind] = Usual(); }

  // Returns the number of complete seconds of the kind.
  unsigned seconds(Kind kind) const { return kinds_[kind].seconds; }
  bool known() const;
  // Returns the delay of the kind on time. With `compare`, a kind more than a second later than the
  // audio (the audio: than other media) takes their delay instead.
  int64_t expected_ns(Kind kind, bool compare) const;
  // Returns the least of all kinds: a shorter delay is ahead of the clock.
  int64_t earliest_ns() const;
  // Returns true if one kind arrives in real time.
  bool in_real_time() const;
  // Returns true if no kind arrives faster than real time, or another one arrives in real time.
  bool settled() const;
  // Returns true if the audio is no longer behind another kind.
  bool audio_caught_up() const;

 private:
  static constexpr int64_t kSecond_ns = 1000 * 1000 * 1000;

  struct Usual {
    void close();
    bool heard = false;
    unsigned seconds = 0;
    std::optional<unsigned> since_fall;                // seconds since the delay fell, if ever
    int64_t start_ns = 0, first_ns = 0, least_ns = 0;  // of the incomplete second
    int64_t last_ns = 0;                               // least delay of the last complete second
    int64_t usual_ns = 0;                              // the least that two seconds agree on
    unsigned means = 0;                                // seconds in the mean
    int64_t mean_ns = 0;                               // mean of the least delays
    int64_t on_time_ns() const { return means ? mean_ns : least_ns; }
    // The delay from complete seconds, unless it is falling in this second.
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

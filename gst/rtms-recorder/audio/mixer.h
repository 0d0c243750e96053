// SPDX-License-Identifier: LGPL-2.1-or-later
// Sounds at their times → tracks without gaps. Pure: no clock, no GStreamer.
#pragma once

#include "limiter.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace rtms::recorder {

// All tracks have the same position: what is before it has been taken. Positions count samples.
class Mixer {
 public:
  // What comes further ahead than that is dropped: a broken clock must not cost all memory.
  Mixer(unsigned tracks, unsigned rate, uint64_t furthest);

  // Adds to what the track has there. Returns how many samples came too late, or too early.
  size_t add(unsigned track, uint64_t at, const int16_t *samples, size_t count);

  // The next samples of each track; silence where nothing came. An empty one is all silence.
  std::vector<std::vector<int16_t>> take(size_t count);

  // The sums that a track has from `at` on, which is not before the position; no more than are
  // there.
  std::vector<int32_t> peek(unsigned track, uint64_t at, size_t count) const;

  uint64_t position() const { return position_; }
  // The end of the last sound.
  uint64_t end() const;
  unsigned tracks() const { return static_cast<unsigned>(tracks_.size()); }

 private:
  struct Track {
    std::deque<int32_t> sums;
    Limiter limiter;
  };
  std::vector<Track> tracks_;
  const uint64_t furthest_;
  uint64_t position_ = 0;
};

}  // namespace rtms::recorder

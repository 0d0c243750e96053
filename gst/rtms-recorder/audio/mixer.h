// SPDX-License-Identifier: LGPL-2.1-or-later
// Mixes audio by its position into tracks without gaps. Pure: no clock, no GStreamer.
#pragma once

#include "media/limiter.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace rtms::recorder {

// All tracks share one position: samples before it were taken. Positions count samples.
class Mixer {
 public:
  // How far ahead the audio of a recording may be: it has a minute of older audio, with which the
  // service may begin, and all that comes until the last connection is there or given up.
  static constexpr unsigned kFurthest_s = 240;

  // `furthest`: audio further ahead is dropped, so that a wrong clock cannot use up the memory.
  Mixer(unsigned tracks, unsigned rate, uint64_t furthest);

  // Adds samples to a track. Returns how many were dropped as too late or too early.
  size_t add(unsigned track, uint64_t at, const int16_t *samples, size_t count);

  // Takes the next samples of each track, silence in gaps. An empty vector is all silence.
  std::vector<std::vector<int16_t>> take(size_t count);

  // Returns a track's sums from `at`, which is not before the position; fewer than `count` at the
  // end.
  std::vector<int32_t> peek(unsigned track, uint64_t at, size_t count) const;

  uint64_t position() const { return position_; }
  // Returns the end of the last audio.
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

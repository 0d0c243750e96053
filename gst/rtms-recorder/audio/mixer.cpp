// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mixer.h"

#include <algorithm>

namespace rtms::recorder {

Mixer::Mixer(unsigned tracks, unsigned rate, uint64_t furthest)
    : tracks_(tracks, Track{{}, Limiter(rate)}), furthest_(furthest) {}

size_t Mixer::add(unsigned track, uint64_t at, const int16_t *samples, size_t count) {
  const size_t late = at < position_ ? std::min<uint64_t>(position_ - at, count) : 0;
  const uint64_t start = std::max(at, position_) - position_;
  if (start + count - late > furthest_)
    return count;
  std::deque<int32_t> &sums = tracks_[track].sums;
  sums.resize(std::max<size_t>(sums.size(), start + count - late));
  std::transform(samples + late, samples + count, sums.begin() + static_cast<ptrdiff_t>(start),
                 sums.begin() + static_cast<ptrdiff_t>(start),
                 [](int16_t sample, int32_t sum) { return sum + sample; });
  return late;
}

std::vector<std::vector<int16_t>> Mixer::take(size_t count) {
  std::vector<std::vector<int16_t>> taken;
  for (unsigned track = 0; track < tracks(); track++) {
    Track &one = tracks_[track];
    const std::vector<int32_t> sums = peek(track, position_, count + one.limiter.ahead());
    taken.push_back(one.sums.empty() ? std::vector<int16_t>() : one.limiter.limit(sums, count));
    const size_t gone = std::min(count, one.sums.size());
    one.sums.erase(one.sums.begin(), one.sums.begin() + static_cast<ptrdiff_t>(gone));
  }
  position_ += count;
  return taken;
}

std::vector<int32_t> Mixer::peek(unsigned track, uint64_t at, size_t count) const {
  const std::deque<int32_t> &sums = tracks_[track].sums;
  const size_t start = std::min<uint64_t>(at - position_, sums.size());
  const size_t end = std::min(start + count, sums.size());
  return std::vector<int32_t>(sums.begin() + static_cast<ptrdiff_t>(start),
                              sums.begin() + static_cast<ptrdiff_t>(end));
}

uint64_t Mixer::end() const {
  size_t longest = 0;
  for (const Track &track : tracks_)
    longest = std::max(longest, track.sums.size());
  return position_ + longest;
}

}  // namespace rtms::recorder

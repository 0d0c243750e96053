// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mixer.h"

#include <algorithm>
#include <limits>

namespace rtms::recorder {
namespace {

int16_t sum(int16_t a, int16_t b) {
  using Limits = std::numeric_limits<int16_t>;
  return static_cast<int16_t>(std::clamp<int>(int{a} + b, Limits::min(), Limits::max()));
}

}  // namespace

size_t Mixer::add(unsigned track, uint64_t at, const int16_t *samples, size_t count) {
  const size_t late = at < position_ ? std::min<uint64_t>(position_ - at, count) : 0;
  const uint64_t start = std::max(at, position_) - position_;
  if (start + count - late > furthest_)
    return count;
  std::vector<int16_t> &sound = tracks_[track];
  sound.resize(std::max<size_t>(sound.size(), start + count - late));
  std::transform(samples + late, samples + count, sound.begin() + static_cast<ptrdiff_t>(start),
                 sound.begin() + static_cast<ptrdiff_t>(start), sum);
  return late;
}

std::vector<std::vector<int16_t>> Mixer::take(size_t count) {
  std::vector<std::vector<int16_t>> taken;
  for (std::vector<int16_t> &sound : tracks_) {
    const auto middle = sound.begin() + static_cast<ptrdiff_t>(std::min(count, sound.size()));
    std::vector<int16_t> part(sound.begin(), middle);
    if (!part.empty())
      part.resize(count);
    taken.push_back(std::move(part));
    sound.erase(sound.begin(), middle);
  }
  position_ += count;
  return taken;
}

std::vector<int16_t> Mixer::peek(unsigned track, uint64_t at, size_t count) const {
  const std::vector<int16_t> &sound = tracks_[track];
  const size_t start = std::min<uint64_t>(at - position_, sound.size());
  const size_t end = std::min(start + count, sound.size());
  std::vector<int16_t> part(sound.begin() + static_cast<ptrdiff_t>(start),
                            sound.begin() + static_cast<ptrdiff_t>(end));
  if (!part.empty())
    part.resize(count);
  return part;
}

uint64_t Mixer::end() const {
  size_t longest = 0;
  for (const std::vector<int16_t> &sound : tracks_)
    longest = std::max(longest, sound.size());
  return position_ + longest;
}

}  // namespace rtms::recorder

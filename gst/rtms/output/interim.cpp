// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interim.h"

#include <iterator>
#include <utility>

namespace rtms {
namespace {

constexpr size_t kMaxSpeakers = 256;
constexpr size_t kMaxBytes = 1 << 20;

// Versions of one text have the same start time, if they have one.
bool same_text(const MediaData &a, const MediaData &b) {
  return !a.start_time || !b.start_time || *a.start_time == *b.start_time;
}

}  // namespace

InterimTexts::Map::iterator InterimTexts::take(Map::iterator text, std::unique_ptr<HeldMedia> *to) {
  *to = std::move(text->second.held);
  bytes_ -= (*to)->bytes();
  return texts_.erase(text);
}

template <typename Condition>
InterimTexts::Texts InterimTexts::take_if(Condition condition) {
  Texts taken;
  for (auto text = texts_.begin(); text != texts_.end();) {
    if (!condition(text->second)) {
      ++text;
      continue;
    }
    text = take(text, &taken.emplace_back());
  }
  return taken;
}

InterimTexts::Texts InterimTexts::add(const MediaData &data, int64_t now_us, bool *show) {
  Texts before;
  *show = data.is_final.value_or(true);
  const ParticipantId speaker = data.from();
  auto found = texts_.find(speaker);
  if (found != texts_.end()) {
    const MediaData &held = found->second.held->data;
    // The final version of a text may arrive after the first versions of the next one.
    if (*show && !same_text(held, data) && *held.start_time > *data.start_time)
      return before;
    std::unique_ptr<HeldMedia> earlier;
    take(found, &earlier);
    if (data.operation == TextOperation::Delete && same_text(earlier->data, data)) {
      *show = false;
      return before;
    }
    if (!same_text(earlier->data, data))
      before.push_back(std::move(earlier));
  }
  if (*show)
    return before;
  auto held = std::make_unique<HeldMedia>(data);
  if (texts_.size() >= kMaxSpeakers || bytes_ + held->bytes() > kMaxBytes) {
    Texts others = all();
    std::move(others.begin(), others.end(), std::back_inserter(before));
  }
  *show = held->bytes() > kMaxBytes;
  if (*show)
    return before;
  bytes_ += held->bytes();
  texts_[speaker] = {std::move(held), now_us};
  return before;
}

InterimTexts::Texts InterimTexts::overdue(int64_t now_us) {
  return take_if([now_us](const Text &text) { return now_us - text.since_us >= kPatience_us; });
}

InterimTexts::Texts InterimTexts::all() {
  return take_if([](const Text &) { return true; });
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interim.h"

namespace rtms {
namespace {

constexpr size_t kMaxSpeakers = 256;

// Versions of one text start at the same time, where they tell it.
bool same_text(const MediaData &a, const MediaData &b) {
  return !a.start_time || !b.start_time || *a.start_time == *b.start_time;
}

}  // namespace

template <typename Condition>
InterimTexts::Texts InterimTexts::take_if(Condition condition) {
  Texts taken;
  for (auto text = texts_.begin(); text != texts_.end();) {
    if (!condition(text->second)) {
      ++text;
      continue;
    }
    taken.push_back(std::move(text->second.held));
    text = texts_.erase(text);
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
    // The final version of an older text can come after the first ones of the next.
    if (*show && !same_text(held, data) && *held.start_time > *data.start_time)
      return before;
    if (!same_text(held, data))
      before.push_back(std::move(found->second.held));
    texts_.erase(found);
  }
  if (*show)
    return before;
  if (texts_.size() >= kMaxSpeakers)
    before = all();
  texts_[speaker] = {std::make_unique<HeldMedia>(data), now_us};
  return before;
}

InterimTexts::Texts InterimTexts::overdue(int64_t now_us) {
  return take_if([now_us](const Text &text) { return now_us - text.since_us >= kPatience_us; });
}

InterimTexts::Texts InterimTexts::all() {
  return take_if([](const Text &) { return true; });
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcript texts that are not final wait for the final ones. Pure: the time is an argument.
#pragma once

#include "media/heldmedia.h"

#include <memory>
#include <unordered_map>
#include <vector>

namespace rtms {

class InterimTexts {
 public:
  using Texts = std::vector<std::unique_ptr<HeldMedia>>;

  // Adds a transcript message. Returns the texts to show before it; `*show` says whether to show
  // the message itself. Without room for more, all waiting texts are returned.
  Texts add(const MediaData &data, int64_t now_us, bool *show);
  // Returns texts that have waited so long that no final one will follow.
  Texts overdue(int64_t now_us);
  Texts all();
  bool empty() const { return texts_.empty(); }

  static constexpr int64_t kPatience_us = 5 * 1000 * 1000;

 private:
  struct Text {
    std::unique_ptr<HeldMedia> held;
    int64_t since_us = 0;
  };
  using Map = std::unordered_map<ParticipantId, Text>;

  // Moves the text out; returns the next one.
  Map::iterator take(Map::iterator text, std::unique_ptr<HeldMedia> *to);
  template <typename Condition>
  Texts take_if(Condition condition);

  Map texts_;  // by speaker
  size_t bytes_ = 0;
};

}  // namespace rtms

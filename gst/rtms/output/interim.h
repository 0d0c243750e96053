// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcript texts that are not final yet wait for the ones that are. Pure: the time is an
// argument.
#pragma once

#include "media/heldmedia.h"

#include <memory>
#include <unordered_map>
#include <vector>

namespace rtms {

class InterimTexts {
 public:
  using Texts = std::vector<std::unique_ptr<HeldMedia>>;

  // A transcript message came. Returns what is to be shown before it; `*show` tells whether it is
  // to be shown itself. Where there is no room, nothing waits any longer.
  Texts add(const MediaData &data, int64_t now_us, bool *show);
  // What no final text has followed for so long that none will.
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

  // Moves the text, which waits no longer; returns the one after it.
  Map::iterator take(Map::iterator text, std::unique_ptr<HeldMedia> *to);
  template <typename Condition>
  Texts take_if(Condition condition);

  Map texts_;  // by speaker
  size_t bytes_ = 0;
};

}  // namespace rtms

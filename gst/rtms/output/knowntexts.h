// SPDX-License-Identifier: LGPL-2.1-or-later
// Which transcript texts were handed on: after a reconnect the service sends some again. Pure.
#pragma once

#include "protocol/types.h"

#include <cstddef>
#include <deque>
#include <map>
#include <utility>

namespace rtms {

class KnownTexts {
 public:
  // `json`: whoever reads JSON is told what is final, and what is taken back.
  explicit KnownTexts(bool json) : json_(json) {}

  // Whether the text is to be handed on. Not if it was already, word for word. A text that has been
  // shown cannot be taken back; one that nobody has seen is shown, whatever is said of it.
  bool accept(const MediaData &data);

 private:
  using Key = std::pair<ParticipantId, int64_t>;  // speaker and start

  const bool json_;
  std::map<Key, size_t> hashes_;
  std::deque<Key> order_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Filters what the service repeats after a reconnect: transcript texts, and audio of the time
// before the loss. Pure.
#pragma once

#include "protocol/types.h"

#include <cstddef>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace rtms {

class KnownTexts {
 public:
  // `json`: readers of JSON get the final state of a text, and deletions.
  explicit KnownTexts(bool json) : json_(json) {}

  // Whether to show the text: not if it was shown with the same words before, also when it
  // was corrected or withdrawn since. Plain text cannot be withdrawn; a text that was never shown
  // is shown, whatever its operation.
  bool accept(const MediaData &data);

 private:
  using Key = std::pair<ParticipantId, int64_t>;  // speaker and start

  const bool json_;
  struct Shown {
    std::vector<size_t> versions;  // their hashes
    bool withdrawn = false;
  };
  std::map<Key, Shown> shown_;
  std::deque<Key> order_;
};

// The audio packets that one pad has had before its connection was lost.
class KnownAudio {
 public:
  // Whether to push the packet: not if the same one came before the loss, with the same timestamp.
  bool accept(const MediaData &data);
  // The connection was lost.
  void lost() { repeats_until_ = newest_; }

 private:
  struct Packet {
    int64_t timestamp;
    size_t hash;
  };
  std::deque<Packet> packets_;
  int64_t newest_ = 0;         // timestamp
  int64_t repeats_until_ = 0;  // the newest at the loss; 0: newer audio has come since
};

}  // namespace rtms

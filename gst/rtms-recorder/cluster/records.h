// SPDX-License-Identifier: LGPL-2.1-or-later
// What the recorders of a cluster write for each other: one lease for each recorder, one claim for
// each stream. A record has a revision, which each write of it raises.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace rtms::recorder {

// A recorder's life, from its first renewal to the last. Who has lost it begins with another one.
struct LeaseRecord {
  std::string name;  // of the recorder, for people
  bool alive = true;
  uint64_t renewal = 0;               // counts
  unsigned meetings = 0, most = 100;  // most: --max-meetings
  double load = 0;                    // of its processors: 1 is all of them
  bool takes = true;                  // it has room, and does not drain
  uint64_t takeovers = 0;             // meetings that it has taken over from others
  unsigned waiting = 0;               // streams for which nobody has room, as it sees them
};

struct ClaimRecord {
  // Owned: by the lease `owner`. Free: the stream goes on, and anybody may take it. Ended: until it
  // is announced again.
  enum class State { Owned, Free, Ended };
  State state = State::Owned;
  std::string stream, owner;
  uint64_t announcement = 0;  // the place of the last *.rtms_started that was acted on
  std::string webhook;        // its body, without a signature
  std::string recording;      // the same for all parts
  unsigned part = 0;
  std::string folder, previous;  // the names of this part's folder, and of the part's before
  unsigned owners = 0;           // so many have had it
  unsigned deaths = 0;           // so many of them, in a row, have died with it
};

using Record = std::variant<LeaseRecord, ClaimRecord>;

// A write counts only where the record has the revision `last`: 0 where there must be none; see
// Fold. `id` is the lease's or the stream's.
struct Write {
  uint64_t ticket = 0;  // counts
  std::string id;
  Record record;
  uint64_t last = 0;
};

// Unknown: it may have been done, or will be, or not.
enum class Written { Done, Refused, Unknown };

struct Writes {
  virtual ~Writes() = default;
  virtual void write(const Write &write) = 0;
};

}  // namespace rtms::recorder

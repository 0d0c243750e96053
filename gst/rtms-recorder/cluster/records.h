// SPDX-License-Identifier: LGPL-2.1-or-later
// The records that the recorders of a cluster share: one lease per recorder, one claim per stream.
// Each valid write raises a record's revision.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace rtms::recorder {

// A recorder's time as an owner. A recorder that has lost its lease begins another.
struct LeaseRecord {
  std::string name;  // of the recorder, for display
  bool alive = true;
  uint64_t renewal = 0;
  unsigned meetings = 0, most = 100;  // `most`: --max-meetings
  double load = 0;                    // of its processors; 1: all are busy
  bool takes = true;                  // has room, and does not drain
  uint64_t takeovers = 0;             // from other recorders
  unsigned waiting = 0;               // streams without an owner, as this recorder sees them
};

struct ClaimRecord {
  // Owned: by the lease `owner`. Free: the stream continues, and any recorder may claim it. Ended:
  // until it is announced again.
  enum class State { Owned, Free, Ended };
  State state = State::Owned;
  std::string stream, owner;
  uint64_t announcement = 0;  // `place` of the last *.rtms_started that was used
  std::string webhook;        // its body, unsigned
  std::string recording;      // the same for all parts
  unsigned part = 0;
  std::string folder, previous;  // names of the folders of this part and the previous one
  unsigned owners = 0;           // number of owners so far
  // Consecutive owners that died; one that could not record the stream counts as several.
  unsigned deaths = 0;
  // Consecutive owners that have not reached the service.
  unsigned unreached = 0;
};

// Why an owner has closed its stream. Ended: the stream has. Released: any recorder may claim it.
// Failed: this one could not record it. Unreached: this one did not reach the service.
enum class Closed { Ended, Released, Failed, Unreached };

using Record = std::variant<LeaseRecord, ClaimRecord>;

// A write is valid only if it follows the last valid revision; see Fold. `last` is 0 for a new
// record. `id` is that of the lease or the stream.
struct Write {
  uint64_t ticket = 0;
  std::string id;
  Record record;
  uint64_t last = 0;
};

// Unknown: the write may be stored now, later, or never.
enum class Written { Done, Refused, Unknown };

struct Writes {
  virtual ~Writes() = default;
  virtual void write(const Write &write) = 0;
};

}  // namespace rtms::recorder

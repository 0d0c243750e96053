// SPDX-License-Identifier: LGPL-2.1-or-later
// The records that the recorders of a cluster share: one lease per recorder, one claim per stream.
// Each valid write raises a record's revision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
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

// Decides which writes in the store's order are valid. Each write names the revision that it
// follows; of two that follow the same revision, the first is valid. All readers of the order come
// to the same result, so the store needs no atomic compare-and-write.
class Fold {
 public:
  // A key without a write for an hour or two is forgotten: the store keeps writes for an hour.
  static constexpr int64_t kAge_ms = 3600 * 1000;

  // Returns whether the write at `place` is valid. Places must increase. `now_ms`: monotonic time.
  bool take(const std::string &key, uint64_t place, uint64_t follows, int64_t now_ms) {
    age(place, now_ms);
    Entry &entry = entries_[key];
    if (place <= entry.last)
      return false;
    entry.last = place;
    // A write that follows a later revision than this reader knows is valid: its writer has read
    // more.
    if (follows < entry.revision)
      return false;
    entry.revision = place;
    return true;
  }
  // The place of the last valid write, or 0.
  uint64_t revision(const std::string &key) const { return entry(key).revision; }
  // The place of the last write, valid or not.
  uint64_t last(const std::string &key) const { return entry(key).last; }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t revision = 0, last = 0;
  };
  Entry entry(const std::string &key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? Entry() : found->second;
  }

  void age(uint64_t place, int64_t now_ms) {
    if (now_ms - aged_ms_ < kAge_ms)
      return;
    aged_ms_ = now_ms;
    for (auto entry = entries_.begin(); entry != entries_.end();)
      entry = entry->second.last < old_ ? entries_.erase(entry) : std::next(entry);
    old_ = place;
  }

  std::map<std::string, Entry> entries_;
  int64_t aged_ms_ = INT64_MIN / 2;
  uint64_t old_ = 0;  // the place an hour ago, or more
};

}  // namespace rtms::recorder

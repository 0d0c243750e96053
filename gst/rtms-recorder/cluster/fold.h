// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides which writes in the store's order are valid. Each write names the revision that it
// follows; of two that follow the same revision, the first is valid. All readers of the order come
// to the same result, so the store needs no atomic compare-and-write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>

namespace rtms::recorder {

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

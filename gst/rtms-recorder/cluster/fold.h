// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides which writes in the store's order are valid. Each write names the revision that it
// follows; of two that follow the same revision, the first is valid. All readers of the order come
// to the same result, so the store needs no atomic compare-and-write.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rtms::recorder {

class Fold {
 public:
  // Returns whether the write at `place` is valid. Places must increase.
  bool take(const std::string &key, uint64_t place, uint64_t follows) {
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
  void forget(const std::string &key) { entries_.erase(key); }

 private:
  struct Entry {
    uint64_t revision = 0, last = 0;
  };
  Entry entry(const std::string &key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? Entry() : found->second;
  }

  std::map<std::string, Entry> entries_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the writes in the store's one order count. Each names the revision that it follows; of
// two that follow the same one, the first counts. All who read the order come to the same result:
// the store need not compare revisions in the same moment in which it writes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rtms::recorder {

class Fold {
 public:
  // What stands at `place` in the order. Places only grow.
  bool take(const std::string &key, uint64_t place, uint64_t follows) {
    Entry &entry = entries_[key];
    if (place <= entry.last)
      return false;
    entry.last = place;
    // Somebody who knows more than this reader, which has not seen all, follows a later one.
    if (follows < entry.revision)
      return false;
    entry.revision = place;
    return true;
  }
  // Of the last write that counts; 0: there is none.
  uint64_t revision(const std::string &key) const { return entry(key).revision; }
  // Of the last write, whether it counts or not.
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

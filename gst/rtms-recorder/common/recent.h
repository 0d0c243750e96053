// SPDX-License-Identifier: LGPL-2.1-or-later
// A map that keeps only the newest entries.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace rtms::recorder {

template <class Value>
class Recent {
 public:
  explicit Recent(size_t most) : most_(most) {}

  // Returns null if there is no such entry.
  const Value *find(const std::string &key) const {
    const auto found = all_.find(key);
    return found == all_.end() ? nullptr : &found->second;
  }
  // Replaces an older value. Removes the oldest entry above the limit.
  void put(const std::string &key, Value value) {
    if (all_.insert_or_assign(key, std::move(value)).second)
      order_.push_back(key);
    if (order_.size() <= most_)
      return;
    all_.erase(order_.front());
    order_.pop_front();
  }

 private:
  const size_t most_;
  std::map<std::string, Value> all_;
  std::deque<std::string> order_;
};

}  // namespace rtms::recorder

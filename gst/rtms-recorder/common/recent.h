// SPDX-License-Identifier: LGPL-2.1-or-later
// A set that keeps only the newest entries.
#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <string>

namespace rtms::recorder {

class Recent {
 public:
  explicit Recent(size_t most) : most_(most) {}

  bool has(const std::string &one) const { return all_.count(one) > 0; }
  // Removes the oldest entry above the limit.
  void add(const std::string &one) {
    if (!all_.insert(one).second)
      return;
    order_.push_back(one);
    if (order_.size() <= most_)
      return;
    all_.erase(order_.front());
    order_.pop_front();
  }

 private:
  const size_t most_;
  std::set<std::string> all_;
  std::deque<std::string> order_;
};

}  // namespace rtms::recorder

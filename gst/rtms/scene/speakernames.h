// SPDX-License-Identifier: LGPL-2.1-or-later
// The active speaker over time. Pure: times are ns of running time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace rtms::program {

class SpeakerNames {
 public:
  // Sets the speaker from `time` on.
  void add(uint64_t time, const std::string &name) {
    while (!names_.empty() && names_.back().first >= time)
      names_.pop_back();
    names_.emplace_back(time, name);
  }
  // `time` must not decrease.
  const std::string &at(uint64_t time) {
    while (!names_.empty() && names_.front().first <= time) {
      current_ = std::move(names_.front().second);
      names_.pop_front();
    }
    return current_;
  }

 private:
  std::deque<std::pair<uint64_t, std::string>> names_;
  std::string current_;
};

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
// The lines of a transcript in the order in which they began, the last version of each. Pure: no
// clock, no GStreamer.
#pragma once

#include "cues.h"
#include "spoken.h"

#include <deque>
#include <map>
#include <vector>

namespace rtms::recorder {

// All times but those of Spoken are in ns from the recording's start.
class Transcript {
 public:
  // A line is complete seconds after it began: so long all wait for it.
  static constexpr uint64_t kWait = 6'000'000'000;
  // And for the final version of one that is not, from the last version on.
  static constexpr uint64_t kInterim = 5'000'000'000;

  // A version of a line came when the meeting had come to `now`. `start` is where it belongs.
  void add(const Spoken &spoken, uint64_t start, uint64_t now);
  // The lines that began kWait before, in their order.
  std::vector<Line> take(uint64_t now);
  bool empty() const { return waiting_.empty(); }
  // The rest.
  std::vector<Line> take_all();

 private:
  struct Waiting {
    Line line;
    std::string who;
    int64_t start_ms = 0;
    bool is_final = true, has_start = true;
    uint64_t since = 0;  // its last version
  };
  struct Written {
    std::string text;
    bool is_final = true;
  };
  using Key = std::pair<std::string, int64_t>;  // who, and its start in Unix ms
  using Lines = std::vector<Waiting>;

  Lines::iterator find(const Spoken &spoken);
  bool change_written(const Spoken &spoken, uint64_t now);
  void remember(const Waiting &waiting);
  template <typename Due>
  std::vector<Line> take_if(Due due);

  Lines waiting_;
  std::map<Key, Written> written_;  // the last ones
  std::deque<Key> order_;
};

}  // namespace rtms::recorder

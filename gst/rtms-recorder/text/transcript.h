// SPDX-License-Identifier: LGPL-2.1-or-later
// The lines of a transcript in the order of their start, each in its last version. Pure: no clock,
// no GStreamer.
#pragma once

#include "cues.h"
#include "spoken.h"

#include <deque>
#include <map>
#include <vector>

namespace rtms::recorder {

// Times are in ns from the recording's start, except those of Spoken.
class Transcript {
 public:
  // A line is complete seconds after its start: all lines wait this long.
  static constexpr uint64_t kWait = 6'000'000'000;
  // How long an interim line waits for its final version, from its last version.
  static constexpr uint64_t kInterim = 5'000'000'000;
  // Longer interim messages are not kept for their lines.
  static constexpr size_t kLongestMessage = 64000;

  // Adds a version of a line that begins at `start`; the meeting has reached `now`.
  void add(Spoken spoken, uint64_t start, uint64_t now);
  // Returns the lines that began kWait before `now`, in order.
  std::vector<Line> take(uint64_t now);
  bool empty() const { return waiting_.empty(); }
  // Returns all remaining lines.
  std::vector<Line> take_all();

 private:
  struct Waiting {
    Line line;
    std::string who;
    int64_t start_ms = 0;
    bool is_final = true, has_start = true;
    bool is_past = false;  // the speaker has gone on: it needs no final version
    uint64_t since = 0;    // time of its last version
  };
  struct Written {
    std::string text;
    bool is_final = true;
  };
  using Key = std::pair<std::string, int64_t>;  // speaker, and start in Unix ms
  using Lines = std::vector<Waiting>;

  Lines::iterator find(const Spoken &spoken);
  bool change_written(const Spoken &spoken, uint64_t now);
  void remember(const Waiting &waiting);
  template <typename Due>
  std::vector<Line> take_if(Due due);

  Lines waiting_;
  std::map<Key, Written> written_;  // the newest ones
  std::deque<Key> order_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns the transcript into captions of two lines, and decides when each is shown. Pure: all times
// are arguments, in ns of running time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace rtms::program {

// Removes control characters and directional overrides, which would disturb the lines around them,
// and replaces white space by one space.
std::string clean_text(const std::string &text);

// Breaks a text into lines of at most `columns`; a wide character takes two. Lines break at spaces,
// beside wide characters, and in words longer than a line. Lines of a right-to-left text start with
// a right-to-left mark.
std::vector<std::string> wrap(const std::string &text, unsigned columns);

class Captions {
 public:
  static constexpr unsigned kColumns = 42, kLines = 2;

  // Shows a text from `start`, for `duration` or the time to read it, whichever is longer.
  void add(uint64_t start, uint64_t duration, const std::string &text);
  // Returns the lines at `time`, or empty. `time` must not decrease.
  std::string at(uint64_t time);
  void clear() { pages_.clear(); }

 private:
  struct Page {
    uint64_t start = 0, end = 0;
    uint64_t readable = 0;  // no other page replaces it earlier
    std::string text;
  };
  std::deque<Page> pages_;
};

}  // namespace rtms::program

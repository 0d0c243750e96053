// SPDX-License-Identifier: LGPL-2.1-or-later
// The transcript as captions: two lines at a time, and when they are shown. Pure: all times are
// arguments, in ns of running time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace rtms::program {

// Without control characters and directional overrides, which would disturb the lines around them;
// white space is one space.
std::string clean_text(const std::string &text);

// In lines of at most so many columns; a wide character takes two. Lines break at spaces, beside
// wide characters, and in words that are longer than a line. Lines of a text that is written from
// right to left begin with a mark that says so.
std::vector<std::string> wrap(const std::string &text, unsigned columns);

class Captions {
 public:
  static constexpr unsigned kColumns = 42, kLines = 2;

  // A text from `start` on, for `duration`, or for as long as it takes to read where that is more.
  void add(uint64_t start, uint64_t duration, const std::string &text);
  // The lines shown at a time; times never go back. Empty: none.
  std::string at(uint64_t time);
  void clear() { pages_.clear(); }

 private:
  struct Page {
    uint64_t start = 0, end = 0;
    uint64_t readable = 0;  // no other page replaces it before
    std::string text;
  };
  std::deque<Page> pages_;
};

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
// The meetings as a table on the terminal, drawn anew each second.
#pragma once

#include "recorder.h"

namespace rtms::recorder {

class Console {
 public:
  explicit Console(const Recorder *recorder) : recorder_(recorder) {}

  void clear();
  void draw();

 private:
  const Recorder *recorder_;
  unsigned lines_ = 0;
};

// The table, for a terminal of that size; each line ends with a line feed.
std::string table(const std::vector<Status> &all, const Totals &totals, unsigned rows,
                  unsigned columns);

}  // namespace rtms::recorder

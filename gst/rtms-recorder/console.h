// SPDX-License-Identifier: LGPL-2.1-or-later
// The meetings as a table on the terminal, drawn anew each second.
#pragma once

#include "common/log.h"
#include "recorder.h"

namespace rtms::recorder {

class Console {
 public:
  Console(const Recorder *recorder, LineWriter *output) : recorder_(recorder), output_(output) {}

  // The line, and the table anew below it.
  void show(const std::string &line);
  // The table alone, unless the terminal stands still.
  void draw();

 private:
  const Recorder *const recorder_;
  LineWriter *const output_;
  size_t lines_ = 0;  // of the table that is on the terminal
};

// The table, for a terminal of that size; each line ends with a line feed.
std::string table(const std::vector<Status> &all, const Totals &totals, unsigned rows,
                  unsigned columns);

}  // namespace rtms::recorder

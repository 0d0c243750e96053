// SPDX-License-Identifier: LGPL-2.1-or-later
// A table of the meetings on the terminal, redrawn each second.
#pragma once

#include "common/log.h"
#include "recorder.h"

namespace rtms::recorder {

class Console {
 public:
  Console(const Recorder *recorder, LineWriter *output) : recorder_(recorder), output_(output) {}

  // Writes a line, and redraws the table below it.
  void show(const std::string &line);
  // Redraws the table, unless the terminal blocks.
  void draw();

 private:
  const Recorder *const recorder_;
  LineWriter *const output_;
  size_t lines_ = 0;  // of the table on the terminal
};

// Returns the table for a terminal of this size; each line ends with a line feed.
std::string table(const std::vector<Status> &all, const Totals &totals, unsigned rows,
                  unsigned columns);

}  // namespace rtms::recorder

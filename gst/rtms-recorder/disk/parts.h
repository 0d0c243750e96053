// SPDX-License-Identifier: LGPL-2.1-or-later
// Parts of one meeting, before and after a restart of the recorder.
#pragma once

#include <string>

namespace rtms::recorder {

// Identifies a part.
struct Part {
  unsigned number = 1;
  std::string previous = {};   // name of the previous part's folder
  std::string recording = {};  // the same for all parts
};

// Marks an unfinished part as interrupted in its meeting.json, and names the next part, if any. May
// block on the disk.
void end_part(const std::string &folder, const std::string &next);

// Adds a file that continues the part's own to its meeting.json. `start_ms`: the capture time of
// its start, in Unix ms. Returns false if the report cannot be changed. May block on the disk.
bool add_tail(const std::string &folder, const std::string &file, int64_t start_ms);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Parts of one meeting, before and after a restart of the recorder.
#pragma once

#include <optional>
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

// The start of a file that continues a part's own.
struct TailStart {
  int64_t captured_ms = 0;            // Unix time
  std::optional<int64_t> running_ms;  // in the part's file: counts if it is known
};

// Adds such a file to the part's meeting.json. Returns false if the report cannot be changed. May
// block on the disk.
bool add_tail(const std::string &folder, const std::string &file, const TailStart &start);

}  // namespace rtms::recorder

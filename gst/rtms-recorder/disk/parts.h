// SPDX-License-Identifier: LGPL-2.1-or-later
// Parts of one meeting: what was recorded before the recorder ended, and after it started again.
#pragma once

#include <string>

namespace rtms::recorder {

// Which part a recording is.
struct Part {
  unsigned number = 1;
  std::string previous = {};   // the name of that part's folder
  std::string recording = {};  // the same for all parts
};

// Writes into the meeting.json of a part that its recorder did not end that it is interrupted, and
// where the meeting goes on, if it does. On a thread that may wait for the disk.
void end_part(const std::string &folder, const std::string &next);

}  // namespace rtms::recorder

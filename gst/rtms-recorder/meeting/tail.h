// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of a killed recorder's recording: the audio in its journal, which is not in its file.
#pragma once

#include "disk/journal.h"
#include "settings/options.h"

namespace rtms::recorder {

struct Tail {
  std::string folder;   // of the recording
  std::string problem;  // why its audio could not be written, or empty
  int64_t ms = 0;       // duration
};

// Writes the audio of each journal of the output folder into a file beside that of the recording,
// and names it in meeting.json. Blocks until that is done.
std::vector<Tail> write_tails(const Options &options);

}  // namespace rtms::recorder

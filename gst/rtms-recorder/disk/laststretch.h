// SPDX-License-Identifier: LGPL-2.1-or-later
// Which audio of a journal the file of the recording lacks. Pure.
#pragma once

#include "journal.h"

namespace rtms::recorder {

// Returns the entries of the last audio, without those from before a long silence, unless they were
// captured at or after `needed_from_ns`, and without single ones of another time.
std::vector<JournalEntry> last_stretch(std::vector<JournalEntry> entries, int64_t needed_from_ns);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of a recording that was broken off, because the recorder was killed or the disk was full:
// the media in its journals, which are not in its file.
#pragma once

#include "base/worker.h"
#include "common/log.h"
#include "settings/options.h"

#include <set>
#include <string>

namespace rtms::recorder {

class Tails {
 public:
  explicit Tails(Log *log) : log_(log) {}

  // Journals may be there, at the start and after a recording that was broken off.
  void await() {
    due_ = true;
    failed_.clear();
    pause_s_ = wait_s_ = 0;
  }
  // Is called each second. If there is room, writes the media of each journal of the output folder
  // into a file beside that of the recording, and names it in meeting.json.
  void look(const Options &options, uint64_t free_bytes);
  bool busy() const { return busy_; }

 private:
  Log *const log_;
  Worker worker_;
  bool busy_ = false, due_ = false;
  // While there is no room: a look reads all journals.
  unsigned pause_s_ = 0, wait_s_ = 0;
  std::set<std::string> failed_;  // folders whose tails could not be written
};

}  // namespace rtms::recorder

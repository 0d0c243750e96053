// SPDX-License-Identifier: LGPL-2.1-or-later
// meeting.json on the disk. Nothing here waits for it.
#pragma once

#include "base/worker.h"

#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

class ReportFile {
 public:
  // Reserves room in the folder, so that there is some for the end of the story when the disk is
  // full.
  explicit ReportFile(std::string folder);

  // Complete, or not at all. Of several texts that wait for a slow disk, the last is written.
  void write(std::string text);
  // The last time. `done` gets what is wrong, or nothing, on the main thread.
  void close(std::string text, std::function<void(const std::string &problem)> done);

 private:
  struct Waiting;

  const std::string path_, reserve_;
  // Nothing else waits for what is made durable.
  Worker worker_;
  const std::shared_ptr<Waiting> waiting_;
};

}  // namespace rtms::recorder

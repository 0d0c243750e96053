// SPDX-License-Identifier: LGPL-2.1-or-later
// The file meeting.json. No method blocks on the disk.
#pragma once

#include "base/worker.h"

#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

class ReportFile {
 public:
  // Reserves disk space in the folder, so that the final report can be written to a full disk.
  explicit ReportFile(std::string folder);

  // Runs on a thread of its own, so it must use nothing that another thread changes.
  using Text = std::function<std::string()>;

  // Writes the file atomically. If several texts wait for a slow disk, only the last is written.
  void write(Text text);
  // Writes the final text. Calls `done` on the main thread with the error, or empty.
  void close(Text text, std::function<void(const std::string &problem)> done);

 private:
  struct Waiting;

  const std::string path_, reserve_;
  // A worker of its own: syncing must not delay other work.
  Worker worker_;
  const std::shared_ptr<Waiting> waiting_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The size of a file that grows, read without blocking: the last known value. What was written goes
// to the disk meanwhile: a power failure loses no more. What the disk does not take is told.
#pragma once

#include "base/worker.h"
#include "common/log.h"

#include <cstdint>
#include <string>

namespace rtms::recorder {

class FileSize {
 public:
  FileSize(std::string path, Worker *worker, const SubjectLog *log)
      : path_(std::move(path)), worker_(worker), log_(log) {}

  // Is called each second: requests the size, unless a request is pending.
  void ask();
  // The file is complete: requests that it, and its name in the folder, go to the disk.
  void finish();
  uint64_t bytes() const { return seen_->bytes; }

 private:
  struct Seen {
    uint64_t bytes = 0;
    bool asked = false;
  };
  enum class Sync { No, File, FileAndFolder };
  void look(Sync sync);

  const std::string path_;
  unsigned times_ = 0;
  Worker *const worker_;
  const SubjectLog *const log_;
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

}  // namespace rtms::recorder

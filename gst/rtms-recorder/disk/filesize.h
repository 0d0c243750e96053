// SPDX-License-Identifier: LGPL-2.1-or-later
// The size of a file that grows, read without blocking: the last known value. What was written goes
// to the disk meanwhile: a power failure loses no more. Logs when the disk fails to store it.
#pragma once

#include "base/worker.h"
#include "common/log.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace rtms::recorder {

class FileSize {
 public:
  FileSize(std::string path, Worker *worker, const SubjectLog *log)
      : path_(std::move(path)), worker_(worker), log_(log) {}

  // Is called each second: requests the size, unless a request is pending.
  void ask();
  // The file is complete: it goes to the disk, and so does its name in the folder. With `wait`,
  // `done` is called on the main thread after that, else at once. It gets the first failure of the
  // disk to store the file, as a sentence, or an empty string.
  void finish(bool wait, std::function<void(const std::string &problem)> done);
  uint64_t bytes() const { return seen_->bytes; }

 private:
  enum class Sync { No, File, FileAndFolder };
  struct Seen {
    uint64_t bytes = 0;
    bool asked = false;
    int error = 0;        // of the last sync
    std::string problem;  // the first one
  };
  void look(Sync sync, std::function<void()> done);

  const std::string path_;
  unsigned times_ = 0;
  Worker *const worker_;
  const SubjectLog *const log_;
  // Shared with the work, which may outlive this object.
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

}  // namespace rtms::recorder

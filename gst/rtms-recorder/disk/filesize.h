// SPDX-License-Identifier: LGPL-2.1-or-later
// The size of a file, read without blocking: the last known value.
#pragma once

#include "base/worker.h"

#include <sys/stat.h>
#include <cstdint>
#include <string>

namespace rtms::recorder {

class FileSize {
 public:
  FileSize(std::string path, Worker *worker) : path_(std::move(path)), worker_(worker) {}

  // Is called each second: requests the size, unless a request is pending.
  void ask() {
    if (seen_->asked)
      return;
    seen_->asked = true;
    const auto bytes = std::make_shared<uint64_t>(0);
    const auto look = [bytes, path = path_] {
      struct stat status;
      if (stat(path.c_str(), &status) == 0)
        *bytes = static_cast<uint64_t>(status.st_size);
    };
    worker_->run(look, [bytes, seen = seen_] { *seen = {*bytes, false}; });
  }
  uint64_t bytes() const { return seen_->bytes; }

 private:
  struct Seen {
    uint64_t bytes = 0;
    bool asked = false;
  };
  const std::string path_;
  Worker *const worker_;
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

}  // namespace rtms::recorder

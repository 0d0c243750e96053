// SPDX-License-Identifier: LGPL-2.1-or-later
// The size of a file that grows, read without blocking: the last known value. What was written goes
// to the disk meanwhile: a power failure loses no more.
#pragma once

#include "base/worker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdint>
#include <string>

namespace rtms::recorder {

// Returns when what was written to the file, or the folder, is on the disk.
inline void sync_path(const std::string &path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  fdatasync(fd);
  close(fd);
}

inline void sync_file(const std::string &folder, const std::string &file) {
  sync_path(folder + "/" + file);
  sync_path(folder);
}

class FileSize {
 public:
  FileSize(std::string path, Worker *worker) : path_(std::move(path)), worker_(worker) {}

  // Is called each second: requests the size, unless a request is pending.
  void ask() {
    if (seen_->asked)
      return;
    seen_->asked = true;
    const auto bytes = std::make_shared<uint64_t>(0);
    const bool sync = ++times_ % kSync_s == 0;
    const auto look = [bytes, sync, path = path_] {
      if (sync)
        sync_path(path);
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
  static constexpr unsigned kSync_s = 5;

  const std::string path_;
  unsigned times_ = 0;
  Worker *const worker_;
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

}  // namespace rtms::recorder

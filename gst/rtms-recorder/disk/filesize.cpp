// SPDX-License-Identifier: LGPL-2.1-or-later
#include "filesize.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr unsigned kSync_s = 5;

// Returns when what was written to the file, or the folder, is on the disk: 0, or the error. A file
// that cannot be opened was moved, and one that cannot be synced is none of a disk's.
int sync_path(const std::string &path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  const int error = fdatasync(fd) == 0 || errno == EINVAL || errno == ENOSYS ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

void FileSize::ask() {
  if (!std::exchange(seen_->asked, true))
    look(++times_ % kSync_s == 0 ? Sync::File : Sync::No);
}

void FileSize::finish() {
  look(Sync::FileAndFolder);
}

void FileSize::look(Sync sync) {
  struct Found {
    uint64_t bytes = 0;
    int error = 0;
  };
  const auto found = std::make_shared<Found>();
  const auto work = [found, sync, path = path_] {
    if (sync != Sync::No)
      found->error = sync_path(path);
    if (sync == Sync::FileAndFolder)
      sync_path(std::filesystem::path(path).parent_path());
    struct stat status;
    if (stat(path.c_str(), &status) == 0)
      found->bytes = static_cast<uint64_t>(status.st_size);
  };
  worker_->run(work, [found, seen = seen_, path = path_, log = *log_] {
    *seen = {found->bytes, false};
    if (found->error)
      log.write(Log::Level::Error, "disk-error",
                "the disk did not store what was written to " + path + " in the last " +
                    std::to_string(kSync_s) + " s: " + std::strerror(found->error) +
                    ". The file may be damaged there. Check the disk and the kernel's messages.");
  });
}

}  // namespace rtms::recorder

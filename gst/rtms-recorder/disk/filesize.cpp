// SPDX-License-Identifier: LGPL-2.1-or-later
#include "filesize.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace rtms::recorder {
namespace {

constexpr unsigned kSync_s = 5;

// Returns when what was written to the file, or the folder, is on the disk: 0, or the error.
// Nothing is known of a file that cannot be opened: the next sync tells. Not every file system can
// sync.
int sync_path(const std::string &path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  int error = 0;
  do
    error = fdatasync(fd) == 0 ? 0 : errno;
  while (error == EINTR);
  close(fd);
  return error == EINVAL || error == ENOSYS || error == ENOTSUP ? 0 : error;
}

}  // namespace

void FileSize::ask() {
  if (!std::exchange(seen_->asked, true))
    look(++times_ % kSync_s == 0 ? Sync::File : Sync::No, {});
}

void FileSize::finish(bool wait, std::function<void(const std::string &problem)> done) {
  if (wait) {
    look(Sync::FileAndFolder, [done = std::move(done), seen = seen_] { done(seen->problem); });
  } else {
    look(Sync::FileAndFolder, {});
    done(seen_->problem);
  }
}

void FileSize::look(Sync sync, std::function<void()> done) {
  struct Found {
    uint64_t bytes = 0;
    int error = 0;
  };
  const auto found = std::make_shared<Found>();
  const auto work = [found, sync, path = path_] {
    if (sync != Sync::No)
      found->error = sync_path(path);
    if (sync == Sync::FileAndFolder && !found->error)
      found->error = sync_path(std::filesystem::path(path).parent_path());
    struct stat status;
    if (stat(path.c_str(), &status) == 0)
      found->bytes = static_cast<uint64_t>(status.st_size);
  };
  worker_->run(
      work, [found, sync, done = std::move(done), seen = seen_, path = path_, log = *log_] {
        seen->bytes = found->bytes;
        seen->asked = false;
        // Logged once, however long it lasts.
        if (sync != Sync::No && std::exchange(seen->error, found->error) == 0 && found->error) {
          const std::string problem = "The disk failed to store what was written to " + path +
                                      ": " + std::strerror(found->error) +
                                      ". The file may be damaged there. Check the disk, and the "
                                      "messages of the kernel.";
          log.write(Log::Level::Error, "disk-error", problem);
          if (seen->problem.empty())
            seen->problem = problem;
        }
        if (done)
          done();
      });
}

}  // namespace rtms::recorder

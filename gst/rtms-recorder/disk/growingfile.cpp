// SPDX-License-Identifier: LGPL-2.1-or-later
#include "growingfile.h"

#include "common/sync.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace rtms::recorder {
namespace {

constexpr unsigned kSync_s = 5;

}  // namespace

// Stays with the file when that is moved or deleted. Opened, used and closed on the worker's
// thread: the last close of a deleted file frees its space on the disk, which takes time.
class GrowingFile::Descriptor {
 public:
  Descriptor() = default;
  ~Descriptor() {
    if (fd_ >= 0)
      close(fd_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;

  // Returns -1 while there is no file.
  int of(const std::string &path) {
    if (fd_ < 0)
      fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd_;
  }
  // Some file systems count no links at all.
  bool had_links(nlink_t links) { return had_links_ |= links > 0; }

 private:
  int fd_ = -1;
  bool had_links_ = false;
};

GrowingFile::GrowingFile(std::string path, Worker *worker, const SubjectLog *log, Check check)
    : path_(std::move(path)),
      worker_(worker),
      log_(log),
      check_(check),
      descriptor_(std::make_shared<Descriptor>()) {}

GrowingFile::~GrowingFile() {
  worker_->run([descriptor = std::move(descriptor_)] {});
}

void GrowingFile::ask() {
  if (!std::exchange(seen_->asked, true))
    look(++times_ % kSync_s == 0 ? Sync::File : Sync::No, {});
}

void GrowingFile::remove() {
  seen_->deleted = true;  // which is not to be told
  worker_->run([path = path_] { unlink(path.c_str()); });
}

void GrowingFile::finish(bool wait, std::function<void(const std::string &problem)> done) {
  if (wait) {
    look(Sync::FileAndFolder, [done = std::move(done), seen = seen_] { done(seen->problem); });
  } else {
    look(Sync::FileAndFolder, {});
    done(seen_->problem);
  }
}

void GrowingFile::look(Sync sync, std::function<void()> done) {
  struct Found {
    uint64_t bytes = 0;
    bool deleted = false;
    int error = 0;
    std::string unplayable;
  };
  const auto found = std::make_shared<Found>();
  const bool is_complete = sync == Sync::FileAndFolder && done;
  const auto work = [found, sync, is_complete, check = check_, path = path_,
                     descriptor = descriptor_] {
    const int fd = descriptor->of(path);
    if (fd >= 0 && sync != Sync::No)
      found->error = sync_fd(fd);
    if (sync == Sync::FileAndFolder && !found->error)
      found->error = sync_folder_of(path);
    struct stat status = {};
    if (fd < 0) {
      found->deleted = sync == Sync::FileAndFolder;
    } else if (fstat(fd, &status) == 0) {
      found->bytes = static_cast<uint64_t>(status.st_size);
      found->deleted = descriptor->had_links(status.st_nlink) && status.st_nlink == 0;
      if (is_complete && !found->deleted && found->bytes == 0)
        found->unplayable = "is empty";
      else if (is_complete && !found->deleted && check)
        found->unplayable = check(fd);
    }
  };
  worker_->run(work, [found, sync, done = std::move(done), seen = seen_, path = path_,
                      log = *log_] {
    seen->bytes = found->bytes;
    seen->asked = false;
    const auto lose = [&](const char *event, const std::string &problem) {
      log.write(Log::Level::Error, event, problem);
      if (seen->problem.empty())
        seen->problem = problem;
    };
    // Logged once, however long it lasts.
    if (sync != Sync::No && std::exchange(seen->error, found->error) == 0 && found->error)
      lose("disk-error", "The disk failed to store what was written to " + path + ": " +
                             std::strerror(found->error) +
                             ". The file may be damaged there. Check the disk, and the messages of "
                             "the kernel.");
    if (found->deleted && !std::exchange(seen->deleted, true))
      lose("file-deleted", path + " was deleted while it was written: it is lost.");
    if (!found->unplayable.empty() && !seen->deleted && seen->problem.empty())
      seen->problem = path + " cannot be played: it " + found->unplayable + ".";
    if (done)
      done();
  });
}

}  // namespace rtms::recorder

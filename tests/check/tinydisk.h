// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk of a test's own, in memory. Only root has one; it is there for this process and what it
// starts.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

namespace rtmscheck {

class TinyDisk {
 public:
  TinyDisk(const std::string &path, const std::string &size)
      : path_(path),
        mounted_(unshare(CLONE_NEWNS) == 0 &&
                 mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0 &&
                 mount("none", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
  ~TinyDisk() {
    if (mounted_)
      umount2(path_.c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk &) = delete;
  TinyDisk &operator=(const TinyDisk &) = delete;
  bool mounted() const { return mounted_; }
  // Writes a file of it until there is no room.
  static void fill(const std::string &file) {
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string block(1 << 16, 'x');
    while (write(fd, block.data(), block.size()) > 0)
      continue;
    close(fd);
  }

 private:
  const std::string path_;
  const bool mounted_;
};

}  // namespace rtmscheck

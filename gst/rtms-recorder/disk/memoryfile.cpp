// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memoryfile.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>

namespace rtms::recorder {

std::unique_ptr<MemoryFile> MemoryFile::create(const std::string &path, size_t reserved,
                                               size_t mapped) {
  unlink(path.c_str());
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return nullptr;
  std::unique_ptr<MemoryFile> file(new MemoryFile(path, fd));
  void *memory = file->reserve(reserved)
                     ? mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                     : MAP_FAILED;
  if (memory == MAP_FAILED) {
    const int failure = errno;
    file.reset();
    errno = failure;
    return nullptr;
  }
  file->memory_ = memory;
  file->mapped_ = mapped;
  return file;
}

MemoryFile::~MemoryFile() {
  if (!kept_)
    unlink(path_.c_str());
  if (memory_)
    munmap(memory_, mapped_);
  close(fd_);
}

bool MemoryFile::reserve(size_t size) const {
  errno = posix_fallocate(fd_, 0, static_cast<off_t>(size));
  return errno == 0;
}

}  // namespace rtms::recorder

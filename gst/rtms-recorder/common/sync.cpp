// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>

namespace rtms::recorder {
namespace {

int open_and_sync(const char *path, int flags, bool *opened) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
  *opened = fd >= 0;
  if (fd < 0)
    return errno;
  const int error = sync_fd(fd);
  close(fd);
  return error;
}

}  // namespace

int sync_fd(int fd) {
  int error = 0;
  do
    error = fdatasync(fd) == 0 ? 0 : errno;
  while (error == EINTR);
  return error == EINVAL || error == ENOSYS || error == ENOTSUP ? 0 : error;
}

int sync_file(const std::string &path) {
  bool opened = false;
  return open_and_sync(path.c_str(), 0, &opened);
}

int sync_folder_of(const std::string &path) {
  bool opened = false;
  const int error =
      open_and_sync(std::filesystem::path(path).parent_path().c_str(), O_DIRECTORY, &opened);
  return opened ? error : 0;
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reserve.h"

#include <fcntl.h>
#include <unistd.h>

namespace rtms::recorder {

void make_reserve(const std::string &path) {
  constexpr off_t kSize = 64 << 10;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return;
  if (posix_fallocate(file, 0, kSize) != 0)
    unlink(path.c_str());
  close(file);
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "textfile.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

namespace rtms::recorder {
TextFile::~TextFile() {
  if (file_ >= 0)
    close(file_);
}

bool TextFile::exists() {
  std::lock_guard<std::mutex> lock(mutex_);
  return file_ >= 0;
}

bool TextFile::append(const std::string &text) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failed_)
    return true;
  std::string all = text;
  if (file_ < 0) {
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    all = head_ + text;
  }
  failed_ = file_ < 0 || !write_all(all);
  return !failed_;
}

bool TextFile::write_all(const std::string &text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = write(file_, text.data() + done, text.size() - done);
    if (size < 0 && errno != EINTR)
      return false;
    done += static_cast<size_t>(std::max<ssize_t>(size, 0));
  }
  return true;
}

}  // namespace rtms::recorder

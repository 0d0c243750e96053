// SPDX-License-Identifier: LGPL-2.1-or-later
#include "textfile.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr size_t kMostPending = 16 << 20;

}  // namespace

TextFile::~TextFile() {
  if (failed_)
    write_pending();
  if (file_ >= 0)
    close(file_);
}

bool TextFile::exists() {
  std::lock_guard<std::mutex> lock(mutex_);
  return file_ >= 0;
}

bool TextFile::append(const std::string &text) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (pending_.size() + text.size() <= kMostPending)
    pending_ += text;
  const bool failed_before = std::exchange(failed_, !write_pending());
  return !failed_ || failed_before;
}

bool TextFile::write_pending() {
  if (file_ < 0)
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  while (file_ >= 0 && !pending_.empty()) {
    const ssize_t size = write(file_, pending_.data(), pending_.size());
    if (size < 0 && errno != EINTR)
      return false;
    pending_.erase(0, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  }
  return file_ >= 0;
}

}  // namespace rtms::recorder

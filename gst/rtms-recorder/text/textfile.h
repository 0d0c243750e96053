// SPDX-License-Identifier: LGPL-2.1-or-later
// A text file that grows line by line: a crash loses nothing that was written.
#pragma once

#include <mutex>
#include <string>

namespace rtms::recorder {

// Any thread. The file is created with the first text.
class TextFile {
 public:
  explicit TextFile(std::string path, std::string head = "")
      : path_(std::move(path)), head_(std::move(head)) {}
  ~TextFile();
  TextFile(const TextFile &) = delete;
  TextFile &operator=(const TextFile &) = delete;

  // Returns false, and sets errno, if writing failed. After a failure nothing more is written.
  bool append(const std::string &text);
  const std::string &path() const { return path_; }
  bool exists();

 private:
  bool write_all(const std::string &text);

  const std::string path_, head_;
  std::mutex mutex_;
  int file_ = -1;
  bool failed_ = false;
};

}  // namespace rtms::recorder

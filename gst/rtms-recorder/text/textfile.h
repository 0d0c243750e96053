// SPDX-License-Identifier: LGPL-2.1-or-later
// Files of text that grow line by line: a crash costs nothing that was written.
#pragma once

#include <mutex>
#include <string>

namespace rtms::recorder {

// From any thread. Made when the first text comes.
class TextFile {
 public:
  explicit TextFile(std::string path, std::string head = "")
      : path_(std::move(path)), head_(std::move(head)) {}
  ~TextFile();
  TextFile(const TextFile &) = delete;
  TextFile &operator=(const TextFile &) = delete;

  // False when it cannot be written; errno says why. Afterwards nothing is written any more.
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

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
      : path_(std::move(path)), pending_(std::move(head)) {}
  ~TextFile();
  TextFile(const TextFile &) = delete;
  TextFile &operator=(const TextFile &) = delete;

  // Returns false, and sets errno, if writing fails and did not before. What cannot be written, up
  // to 16 MB, is written with a later text, or at the end.
  bool append(const std::string &text);
  const std::string &path() const { return path_; }
  bool exists();

 private:
  bool write_pending();

  const std::string path_;
  std::mutex mutex_;  // guards what follows
  std::string pending_;
  int file_ = -1;
  bool failed_ = false;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// A mapped file that survives the process: the kernel keeps its pages when the process is killed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace rtms::recorder {

class MemoryFile {
 public:
  // Creates the file, in place of an old one, accessible to this user only. `reserved` bytes have
  // room, `mapped` bytes are mapped: an access beyond the reserved ones ends the process. Returns
  // null, and sets errno, on failure.
  static std::unique_ptr<MemoryFile> create(const std::string &path, size_t reserved,
                                            size_t mapped);
  // Removes the file, unless it is to be kept for the next start.
  ~MemoryFile();
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;

  void keep() { kept_ = true; }
  // Returns false, and sets errno, if there is no room.
  bool reserve(size_t size) const;

  const std::string &path() const { return path_; }
  int fd() const { return fd_; }
  void *memory() const { return memory_; }

 private:
  MemoryFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  const std::string path_;
  const int fd_;
  void *memory_ = nullptr;
  size_t mapped_ = 0;
  bool kept_ = false;
};

}  // namespace rtms::recorder

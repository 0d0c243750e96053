// SPDX-License-Identifier: LGPL-2.1-or-later
// The recordings in the output folder. Every call may block on the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace rtms::recorder {

// A file open for reading; its last owner closes it.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;
  // Fills the whole text from offset `at`. Returns false if reading failed.
  bool read(uint64_t at, std::string *text) const;

 private:
  const int descriptor_;
};

struct FoundFile {
  std::shared_ptr<OpenFile> file;  // null if there is none
  uint64_t size = 0;
};

class Archive {
 public:
  static constexpr size_t kPage = 20;

  // `program`: the name of the program's file in each recording; may be empty.
  Archive(std::string output, std::string program)
      : output_(std::move(output)), program_(std::move(program)) {}

  // Returns no file unless a recording has one of that name. Does not follow symbolic links.
  FoundFile open(const std::string &folder, const std::string &name) const;
  // Returns a JSON object with the newest recordings and their files, without running ones; if
  // `before` is not empty, only recordings older than it.
  std::string list(const std::string &before, const std::set<std::string> &running) const;

  // Returns the media type of a recording's file; null if no recording has a file of that name.
  const char *type_of(const std::string &name) const;

 private:
  const std::string output_, program_;
};

}  // namespace rtms::recorder

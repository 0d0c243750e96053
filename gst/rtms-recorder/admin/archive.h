// SPDX-License-Identifier: LGPL-2.1-or-later
// The recordings in the output folder. All of it may wait for the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace rtms::recorder {

// Open for reading; closed with its last owner.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;
  // Fills the whole text from there. False: it cannot be read.
  bool read(uint64_t at, std::string *text) const;

 private:
  const int descriptor_;
};

struct FoundFile {
  std::shared_ptr<OpenFile> file;  // null: there is none
  uint64_t size = 0;
};

class Archive {
 public:
  static constexpr size_t kPage = 20;

  explicit Archive(std::string output) : output_(std::move(output)) {}

  // Nothing where a recording has no file of that name. Links are not followed.
  FoundFile open(const std::string &folder, const std::string &name) const;
  // The newest recordings but those that run, and where `before` is not empty, only those that are
  // older than it: a JSON object with the files of each.
  std::string list(const std::string &before, const std::set<std::string> &running) const;

  // The media type of a recording's file; null where no file of a recording has that name.
  static const char *type_of(const std::string &name);

 private:
  const std::string output_;
};

}  // namespace rtms::recorder

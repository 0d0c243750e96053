// SPDX-License-Identifier: LGPL-2.1-or-later
// One kept meeting on the disk. On a worker's thread only.
#pragma once

#include "keeping.h"

namespace rtms::recorder {

class KeptFile {
 public:
  // Writes it, for its owner alone to read. Null, and errno: it cannot be written.
  static std::shared_ptr<KeptFile> create(const std::string &path, const KeptMeeting &meeting);
  // Null: a living recorder has it, or it is gone.
  static std::shared_ptr<KeptFile> open(const std::string &path);
  ~KeptFile();
  KeptFile(const KeptFile &) = delete;
  KeptFile &operator=(const KeptFile &) = delete;

  // False: it is none.
  bool read(KeptMeeting *meeting) const;
  int64_t age_s() const;
  void touch() const;
  void remove() const;

 private:
  KeptFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  bool lock() const;

  const std::string path_;
  const int fd_;
};

}  // namespace rtms::recorder

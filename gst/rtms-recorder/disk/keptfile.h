// SPDX-License-Identifier: LGPL-2.1-or-later
// The file of one kept meeting. Used on a worker's thread only.
#pragma once

#include "keeping.h"

namespace rtms::recorder {

class KeptFile {
 public:
  // Writes the file, readable for its owner only. Returns null, and sets errno, on failure.
  static std::shared_ptr<KeptFile> create(const std::string &path, const KeptMeeting &meeting);
  // Returns null if a running recorder has the file, or it is gone.
  static std::shared_ptr<KeptFile> open(const std::string &path);
  ~KeptFile();
  KeptFile(const KeptFile &) = delete;
  KeptFile &operator=(const KeptFile &) = delete;

  const std::string &path() const { return path_; }
  // Whether no other recorder can have the file. File servers may not support locks.
  bool is_locked() const { return locked_; }
  enum class Contents { Good, Invalid, Unread };
  Contents read(KeptMeeting *meeting) const;
  int64_t age_s() const;
  void touch() const;
  // Marks the meeting as left.
  void leave() const;
  void remove() const;

 private:
  KeptFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  bool lock();

  const std::string path_;
  const int fd_;
  bool locked_ = false;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Warns of a disk that hangs or is nearly full, and ends recordings before it is full.
#pragma once

#include "common/log.h"
#include "storage.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace rtms::recorder {

// What a running recording has written.
struct DiskUse {
  std::string stream;
  uint64_t bytes = 0;
};

// The running recordings.
struct DiskUsers {
  virtual ~DiskUsers() = default;
  virtual std::vector<DiskUse> disk_uses() const = 0;
  // May be called again for the same stream.
  virtual void end_for_space(const std::string &stream, const std::string &why) = 0;
};

// Decides which recordings end when the disk fills: one that writes many times as much as the
// others ends first, so that it does not end them, too. Pure.
class SpaceRationing {
 public:
  struct Ending {
    std::string stream;
    uint64_t bytes_per_s = 0;  // of one that writes too much; 0: all recordings end
  };
  // Is called each second. `spare`: what can be written until recordings end. `ends`: now they do.
  std::vector<Ending> look(const std::vector<DiskUse> &uses, uint64_t spare, bool ends);

 private:
  struct Writer {
    std::deque<uint64_t> bytes = {0};  // of the last seconds
    bool ended = false;
    uint64_t per_s() const;
  };
  void measure(const std::vector<DiskUse> &uses);
  std::vector<Ending> end_runaways(uint64_t spare);

  std::map<std::string, Writer> writers_;
  unsigned patience_ = 0;
};

class DiskWatch {
 public:
  DiskWatch(Storage *storage, Log *log, std::string output, DiskUsers *users);

  // Is called each second.
  void look();

 private:
  void tell_hanging();
  void tell_space();
  void end_recordings();

  Storage *const storage_;
  Log *const log_;
  const std::string output_;
  DiskUsers *const users_;
  SpaceRationing rationing_;
  bool hangs_ = false;
  Storage::Space space_ = Storage::Space::Enough;
};

}  // namespace rtms::recorder

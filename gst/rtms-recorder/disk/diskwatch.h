// SPDX-License-Identifier: LGPL-2.1-or-later
// Warns of a disk that hangs or is nearly full, and ends recordings before it is full.
#pragma once

#include "common/log.h"
#include "storage.h"

#include <functional>
#include <string>

namespace rtms::recorder {

class DiskWatch {
 public:
  // `end` is called with the reason, each second in which recordings must end.
  DiskWatch(Storage *storage, Log *log, std::string output,
            std::function<void(const std::string &why)> end);

  // Is called each second.
  void look();

 private:
  void tell_hanging();
  void tell_space();

  Storage *const storage_;
  Log *const log_;
  const std::string output_;
  const std::function<void(const std::string &why)> end_;
  bool hangs_ = false;
  Storage::Space space_ = Storage::Space::Enough;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of all recordings: its room, and new folders in it. Nothing here waits for the disk.
#pragma once

#include "base/worker.h"

#include <cstdint>
#include <functional>
#include <string>

namespace rtms::recorder {

class Storage {
 public:
  // Recordings start with `min_free` bytes, and go on with `end_free`, which is at most that.
  Storage(std::string output, uint64_t min_free, uint64_t end_free);

  // Each second: looks again, unless the last look is still under way.
  void look();
  uint64_t free_bytes() const { return seen_.free_bytes; }
  // Whether recordings start; whether those that run go on.
  enum class Space { Enough, Low, Ends };
  Space space() const;
  // What there is, what there should be, and what to do.
  std::string shortage() const;
  // Looks take seconds: a file server is away, say.
  bool hangs() const { return hangs_; }
  bool is_gone() const { return hangs_ || !seen_.writable; }
  // Why nothing can be recorded now, or nothing.
  std::string sick() const;

  // A new folder whose name begins so, or why there is none.
  struct Place {
    std::string folder, problem;
  };
  void make_folder(const std::string &name, std::function<void(const Place &)> done);
  void remove_folder(const std::string &folder);

 private:
  struct Seen {
    uint64_t free_bytes = 0;
    bool writable = false, measured = false;
  };
  static Seen look_at(const std::string &output);

  const std::string output_;
  const uint64_t min_free_, end_free_;
  Worker worker_;
  Seen seen_;
  int64_t looking_since_us_ = 0;  // 0: not now
  bool hangs_ = false;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of all recordings: its free space, and new folders. No method blocks on the disk.
#pragma once

#include "base/worker.h"
#include "protocol/webhook.h"

#include <cstdint>
#include <functional>
#include <string>

namespace rtms::recorder {

class Storage {
 public:
  // Recordings start with `min_free` bytes, and end below `end_free`, which is not larger.
  Storage(std::string output, uint64_t min_free, uint64_t end_free);

  // Is called each second: measures, unless a measurement is pending.
  void look();
  uint64_t free_bytes() const { return seen_.free_bytes; }
  // Low: no recording starts. Ends: running recordings end.
  enum class Space { Enough, Low, Ends };
  Space space() const;
  // How much can be written until recordings end; without a measurement, any amount.
  uint64_t spare_bytes() const;
  // Returns the free space, the limit below which the space is such, and what to do.
  std::string shortage(Space space) const;
  // Whether a measurement takes too long, for example because a file server is down.
  bool hangs() const { return hangs_; }
  bool is_gone() const { return hangs_ || !seen_.writable; }
  // Returns why the folder cannot be written, as errno; 0 if it can, or has not answered.
  int failure() const { return seen_.failure; }
  // Returns why nothing can be recorded now; empty if possible.
  std::string sick() const;

  // A new folder with that name or that prefix, or the error.
  struct Place {
    std::string folder, problem;
  };
  // `continues`: for the next part of a recording, which needs --end-free only.
  void make_folder(const Webhook &hook, bool continues, std::function<void(const Place &)> done);
  void remove_folder(const std::string &folder);

 private:
  struct Seen {
    uint64_t free_bytes = 0;
    bool writable = false, measured = false;
    int failure = 0;
  };
  static Seen look_at(const std::string &output);

  const std::string output_;
  const uint64_t min_free_, end_free_;
  Worker worker_;
  Seen seen_;
  int64_t looking_since_us_ = 0;  // 0: no measurement is pending
  bool hangs_ = false;
};

}  // namespace rtms::recorder

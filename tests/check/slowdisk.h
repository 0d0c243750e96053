// SPDX-License-Identifier: LGPL-2.1-or-later
// A recorder whose disk is what slowdisk.cpp makes of it.
#pragma once

#include <glib/gstdio.h>

#include "recorder_run.h"

namespace rtmscheck {

// The recordings' folder, on a disk that can be slow and can hang.
class SlowDisk {
 public:
  std::map<std::string, std::string> environment;

  RecorderRun::Setup setup(const std::vector<std::string> &options) {
    environment["LD_PRELOAD"] = g_getenv("RTMS_SLOW_DISK");
    environment["ASAN_OPTIONS"] = "verify_asan_link_order=0";
    environment["RTMS_SLOW_FOLDER"] = output_;
    environment["RTMS_SLOW_HANG"] = hanging_;
    environment["RTMS_SLOW_FREE"] = free_;
    environment["RTMS_SLOW_FAIL"] = failing_;
    environment["RTMS_SLOW_FAIL_SYNC"] = failing_sync_;
    return {options, output_, environment, true};
  }
  void hang() { ck_assert(g_file_set_contents(hanging_.c_str(), "", 0, nullptr)); }
  void answer() { ck_assert_int_eq(g_unlink(hanging_.c_str()), 0); }
  // The next media that are written.
  void fail_once() { ck_assert(g_file_set_contents(failing_.c_str(), "", 0, nullptr)); }
  // The next file whose data are to reach the disk.
  void fail_sync_once() { ck_assert(g_file_set_contents(failing_sync_.c_str(), "", 0, nullptr)); }
  // So much is free from now on.
  void leave(uint64_t bytes) {
    ck_assert(g_file_set_contents(free_.c_str(), std::to_string(bytes).c_str(), -1, nullptr));
  }
  const std::string &output() const { return output_; }

 private:
  TemporaryDirectory directory_;
  const std::string output_ = directory_.file("recordings"), hanging_ = directory_.file("hangs"),
                    free_ = directory_.file("free"), failing_ = directory_.file("fails"),
                    failing_sync_ = directory_.file("fails-sync");
};

}  // namespace rtmscheck

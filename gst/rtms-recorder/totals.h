// SPDX-License-Identifier: LGPL-2.1-or-later
// Totals since the start of the recorder.
#pragma once

#include "common/gst.h"
#include "meeting/meeting.h"

#include <cstdint>

namespace rtms::recorder {

struct Totals {
  uint64_t started = 0, finished = 0, failed = 0, refused = 0, webhooks = 0;
  uint64_t bytes = 0, dropped = 0, reconnects = 0, log_lines_dropped = 0;

  void add(const Status &status) {
    bytes += counter(status.stats.get(), "bytes");
    dropped += counter(status.stats.get(), "dropped");
    reconnects += counter(status.stats.get(), "reconnects");
  }
  void ended(bool good, const Status &status) {
    (good ? finished : failed)++;
    add(status);
  }
  // Whether no recording has failed or was refused.
  bool all_good() const { return failed == 0 && refused == 0; }
};

}  // namespace rtms::recorder

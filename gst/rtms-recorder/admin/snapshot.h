// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorder's state at one moment, for the admin port. Passed between threads, and immutable
// after that. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rtms::recorder {

struct LiveMeeting {
  std::string folder, stream, state;
  int64_t seconds = 0;
  uint64_t file_bytes = 0, bits_per_second = 0;
  uint64_t reconnects = 0, dropped = 0, lost_audio_ms = 0;
  int64_t behind_ms = 0;              // delay of the written media behind the received
  int level_db = -90;                 // peak of the last second, in dBFS
  unsigned speakers = 0;              // number of speakers so far
  std::vector<std::string> speaking;  // in the last second
  std::string push;                   // "connected" or "disconnected"; empty: no push
};

struct Snapshot {
  int64_t made_us = 0;  // monotonic
  std::string sick;     // why nothing can be recorded now, or empty
  std::string metrics;  // Prometheus' text format
  uint64_t free_bytes = 0;
  uint64_t finished = 0, failed = 0, refused = 0;
  std::vector<LiveMeeting> meetings;
};

// Returns a JSON object for the page. `age_ms` is the age of the snapshot.
std::string json_of(const Snapshot &snapshot, int64_t age_ms);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What the recorder is doing at one moment, for the admin port: handed from thread to thread, and
// not changed any more. Pure.
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
  int64_t behind_ms = 0;              // of what is written, behind what was received
  int level_db = -90;                 // the loudest sample of the last second, of full scale
  unsigned speakers = 0;              // who have spoken so far
  std::vector<std::string> speaking;  // in the last second
  std::string push;                   // "connected" or "disconnected"; empty: nothing is pushed
};

struct Snapshot {
  int64_t made_us = 0;  // monotonic
  std::string sick;     // why nothing can be recorded now, or nothing
  std::string metrics;  // Prometheus' text format
  uint64_t free_bytes = 0;
  uint64_t finished = 0, failed = 0, refused = 0;
  std::vector<LiveMeeting> meetings;
};

// For the page: a JSON object. `age_ms`: so old the snapshot is.
std::string json_of(const Snapshot &snapshot, int64_t age_ms);

}  // namespace rtms::recorder

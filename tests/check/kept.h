// SPDX-License-Identifier: LGPL-2.1-or-later
// Disturbances of a meeting, recorded by rtms-recorder, and how much of its sound is in the file at
// its time.
#pragma once

#include "numbered.h"
#include "recorder_run.h"

#include <set>

namespace rtmscheck {

// A meeting of numbered media, of whose audio the service keeps what is of the time without a
// client. `turns`: two participants who are heard separately.
Config numbered(int64_t length_ms, bool turns = false);

struct Disturbance {
  enum class What { Outage, Backlog, Stall };
  What what = What::Outage;
  std::vector<Where> where;
  int64_t length_ms = 0;  // of the outage, the stall, or the older sound
  double speed = 0;       // at which it comes later; 0: at once
  int64_t hold_ms = 0;    // older sound: after the first picture
  int64_t quiet_ms = 0;   // from the start, when nobody speaks
};
std::string name_of(const Disturbance &disturbance);
// How long its meeting is.
int64_t meeting_ms(const Disturbance &disturbance);
// `turns`: two participants who are heard separately.
Config config_of(const Disturbance &disturbance, bool turns);

// In seconds of sound.
struct Kept {
  std::string error;                         // nothing else counts then
  double sent = 0;                           // by the service, in all
  double kept = 0;                           // of that, in the file at its time, +- 20 ms
  unsigned pictures = 0, pictures_kept = 0;  // the same
  bool told = false;                         // in the log
};
// With `turns`, each on its own track and both on the first. `told` is the log's.
Kept kept_in(const std::string &folder, const Server &server, const Disturbance &disturbance,
             bool turns);

// What of the meeting is in one part of it, each at its time: packets of audio and video frames by
// their numbers. `after`: the last packet of the part before, as numbers of 16 bits start anew.
struct Contents {
  std::string error;
  std::set<int64_t> packets, pictures;
};
Contents contents_of(const std::string &file, int64_t after, bool has_video = true);
// The numbers of the video frames in an MKV file, in their order.
std::vector<int64_t> numbers_of(const std::string &file);

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells of audio for which a recording waits, and of audio that comes too late for that.
#pragma once

#include "audio/sound.h"
#include "common/log.h"
#include "report.h"

namespace rtms::recorder {

class LateAudio {
 public:
  LateAudio(const Sound *sound, Report *report, const SubjectLog *log)
      : sound_(sound), report_(report), log_(log) {}

  // Each second, and at the end: one line each time that the audio falls behind, and one for each
  // second in which some is lost.
  void check();

 private:
  void tell_lost(uint64_t ms);

  const Sound *const sound_;
  Report *const report_;
  const SubjectLog *const log_;
  bool behind_ = false;
  uint64_t buffers_ = 0, lost_ms_ = 0;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Reports audio for which the recording waits, and audio that arrives too late.
#pragma once

#include "audio/sound.h"
#include "common/log.h"
#include "report.h"

namespace rtms::recorder {

class LateAudio {
 public:
  LateAudio(const Sound *sound, Report *report, const SubjectLog *log)
      : sound_(sound), report_(report), log_(log) {}

  // Is called each second, and at the end, with the number of audio buffers that rtmssrc has
  // dropped. Writes one warning each time that audio falls behind, and one for each second with
  // lost audio.
  void check(uint64_t dropped);
  // What is not in the recording, since its start.
  uint64_t lost_ms() const { return lost_ms_; }

 private:
  void tell_lost(uint64_t ms);

  const Sound *const sound_;
  Report *const report_;
  const SubjectLog *const log_;
  bool behind_ = false;
  uint64_t buffers_ = 0, lost_ms_ = 0;
};

}  // namespace rtms::recorder

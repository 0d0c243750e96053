// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lateaudio.h"

namespace rtms::recorder {

void LateAudio::check() {
  const GstClockTime behind = sound_->take_behind();
  report_->audio_behind(behind);
  if (behind && !behind_)
    log_->write(Log::Level::Warning, "audio-behind",
                "the audio comes " + std::to_string(behind / GST_SECOND) +
                    " s late; the recording waits for it, and has it at its time");
  behind_ = behind;
  const uint64_t lost_ms = sound_->late_ms();
  if (lost_ms != lost_ms_)
    tell_lost(lost_ms - lost_ms_);
  lost_ms_ = lost_ms;
}

void LateAudio::tell_lost(uint64_t ms) {
  const uint64_t all_ms = lost_ms_ + ms;
  report_->late_audio(all_ms);
  log_->write(
      Log::Level::Warning, "audio-lost",
      std::to_string(ms) + " ms of audio came later than the recording waits, and are not in it",
      [&](JsonWriter &writer) {
        writer.member("late_ms", static_cast<int64_t>(ms))
            .member("total_ms", static_cast<int64_t>(all_ms));
      });
}

}  // namespace rtms::recorder

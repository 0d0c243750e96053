// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lateaudio.h"

namespace rtms::recorder {

namespace {

// The recorder asks for packets of this length.
constexpr uint64_t kPacket_ms = 20;

}  // namespace

void LateAudio::check(uint64_t dropped) {
  const Sound::Late late = sound_->late();
  const uint64_t lost_ms = late.ms + dropped * kPacket_ms;
  report_->audio_behind(late.furthest);
  const bool behind = late.buffers != buffers_;
  if (behind && !behind_)
    log_->write(Log::Level::Warning, "audio-behind",
                "the audio comes up to " + std::to_string(late.furthest / GST_SECOND) +
                    " s late; the recording waits for it, and has it at its time");
  behind_ = behind;
  buffers_ = late.buffers;
  if (lost_ms != lost_ms_)
    tell_lost(lost_ms - lost_ms_);
  lost_ms_ = lost_ms;
}

void LateAudio::tell_lost(uint64_t ms) {
  const uint64_t all_ms = lost_ms_ + ms;
  report_->late_audio(all_ms);
  log_->write(
      Log::Level::Warning, "audio-lost",
      std::to_string(ms) +
          " ms of audio came later than the recording waits, were damaged, or waited longer for "
          "the disk than there is room, and are not in it",
      [&](JsonWriter &writer) {
        writer.member("late_ms", static_cast<int64_t>(ms))
            .member("total_ms", static_cast<int64_t>(all_ms));
      });
}

}  // namespace rtms::recorder

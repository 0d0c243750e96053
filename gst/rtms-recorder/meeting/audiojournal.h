// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the audio of a recording into its journal as soon as it arrives.
#pragma once

#include "audio/sound.h"
#include "disk/journal.h"

namespace rtms::recorder {

class AudioJournal {
 public:
  // `src` is the rtmssrc of the recording, not yet running.
  AudioJournal(const std::string &folder, const Options &options, GstElement *src);
  ~AudioJournal();
  AudioJournal(const AudioJournal &) = delete;
  AudioJournal &operator=(const AudioJournal &) = delete;

  // Why there is no journal, or empty.
  const std::string &problem() const { return problem_; }
  // The audio up to that running time is written. `start_ms`: the capture time of running time 0,
  // in Unix ms; 0: unknown.
  void written(GstClockTime running, int64_t start_ms);
  // The file of the recording lacks the last audio, which Tails will write.
  void keep() {
    if (journal_)
      journal_->keep();
  }

 private:
  static void on_received(GstElement *src, GstPad *pad, GstBuffer *buffer, gpointer self);

  const ElementPtr src_;
  const CapsPtr format_;
  const std::unique_ptr<Journal> journal_;
  std::string problem_;
};

}  // namespace rtms::recorder

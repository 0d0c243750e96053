// SPDX-License-Identifier: LGPL-2.1-or-later
// A file with the media of a journal, on the tracks of the recording that it continues.
#pragma once

#include "common/gst.h"
#include "disk/journal.h"
#include "disk/parts.h"
#include "settings/options.h"

#include <string>
#include <vector>

namespace rtms::recorder {

class TailFile {
 public:
  TailFile(const Options &options, const FoundJournal &journal);

  // The video ended the process before.
  void leave_out_video(const std::string &why);
  bool empty() const { return audio_.empty() && tracks_.empty(); }
  TailStart start() const;
  // Of the media that the file of the recording may lack.
  int64_t duration_ms() const;
  // Writes the file under another name first: --join must not find half a file. Without the video
  // if that fails with it. Returns the error, or empty.
  std::string write(const std::string &path);
  // Why the file was written without the video, or empty.
  const std::string &video_problem() const { return video_problem_; }

 private:
  struct Track {
    std::string name;
    FoundFrames found;
  };
  // All times are running times of the recording, or capture times if those are unknown.
  int64_t time_of(const JournalEntry &entry) const { return entry.captured_ns - offset_ns_; }
  void set_offset(const FoundJournal &journal);
  void set_times();
  // `of_video`: without the video it may be none.
  struct Problem {
    std::string text;  // empty: none
    bool of_video = false;
  };
  Problem make(const std::string &path);
  static Problem run(GstElement *pipeline);

  const Options options_;
  std::vector<JournalEntry> audio_;
  std::vector<Track> tracks_;
  std::string video_problem_;
  int64_t offset_ns_ = 0;  // of capture times
  int64_t start_ns_ = 0, audio_start_ns_ = 0, end_ns_ = 0;
};

}  // namespace rtms::recorder

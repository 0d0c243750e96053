// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of a recording: the transcript as WebVTT, as a track of the container and as JSON, and
// the chat.
#pragma once

#include "spoken.h"
#include "subtitles.h"
#include "textfile.h"
#include "transcript.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace rtms::recorder {

// Used on the pads' threads. Times in ns from the recording's start.
class Texts {
 public:
  // A file cannot be written: its path, and errno. Called once per file.
  using Failed = std::function<void(const std::string &path, int failure)>;

  Texts(const std::string &folder, Failed failed);
  // Writes the pending lines.
  ~Texts();

  // `json` and `spoken` are the same line, which begins at `start`.
  void transcript(const std::string &json, const Spoken &spoken, uint64_t start);
  void chat(const std::string &json);
  // The meeting has reached `now`.
  void reached(uint64_t now);
  // No more lines follow.
  void finish();
  // Returns the source of the container's track.
  ElementPtr make_subtitles();
  std::shared_ptr<LateLines> late_lines() const { return subtitles_.late_lines(); }
  // Returns the names of the files that exist, or will.
  std::vector<std::string> names();

 private:
  void append(TextFile *file, const std::string &text);
  void write(const std::vector<Line> &lines);

  TextFile vtt_, transcript_file_, chat_;
  const Failed failed_;
  std::atomic<uint64_t> now_{0};
  bool closing_ = false;
  std::mutex mutex_;  // guards the fields below, and the order of cues
  Transcript transcript_;
  Subtitles subtitles_;
};

}  // namespace rtms::recorder

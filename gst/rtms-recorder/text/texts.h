// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of a recording: the transcript as WebVTT, as a track of the container and as JSON, and
// the chat.
#pragma once

#include "base/worker.h"
#include "common/log.h"
#include "spoken.h"
#include "subtitles.h"
#include "textfile.h"
#include "transcript.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rtms::recorder {

// Used on the pads' threads. Times in ns from the recording's start.
class Texts {
 public:
  // A file cannot be written: its path, and errno. Called once per file, on a thread of its own.
  using Failed = std::function<void(const std::string &path, int failure)>;

  Texts(const std::string &folder, const Failed &failed);
  // Writes the pending lines: may wait for the disk.
  ~Texts();

  // The line begins at `start`.
  void transcript(const Spoken &spoken, uint64_t start);
  void chat(const std::string &json);
  // The meeting has reached `now`.
  void reached(uint64_t now);
  // No more lines follow.
  void finish();
  // Main thread, each second: stores the files on the disk every 5 s, on the worker. A failure is
  // logged, and that texts are left out.
  static void sync(const std::shared_ptr<Texts> &texts, Worker *worker, const SubjectLog &log);
  // Main thread: the end. Writes and stores what is left, on the worker.
  static void close(std::shared_ptr<Texts> texts, Worker *worker, const SubjectLog &log);
  // Returns the source of the container's track.
  ElementPtr make_subtitles();
  std::shared_ptr<LateLines> late_lines() const { return subtitles_.late_lines(); }
  // Returns the names of the files that exist, or will.
  std::vector<std::string> names();
  // The number of texts that no file has, for want of room.
  uint64_t left_out() const;

 private:
  static void store_on(std::shared_ptr<Texts> texts, bool last, Worker *worker,
                       const SubjectLog &log);
  // Returns what has failed, as a sentence.
  std::string store(bool last);
  void write(const std::vector<Line> &lines, bool are_last = false);
  void tell_left_out(const SubjectLog &log);

  Worker worker_;
  TextFile vtt_, transcript_file_, chat_;
  std::atomic<uint64_t> now_{0};
  unsigned seconds_ = 0;
  bool told_left_out_ = false;
  std::atomic<bool> storing_{false};
  bool told_ = false;  // used on the worker's thread
  std::mutex mutex_;   // guards the fields below, and the order of cues
  Transcript transcript_;
  Subtitles subtitles_;
};

}  // namespace rtms::recorder

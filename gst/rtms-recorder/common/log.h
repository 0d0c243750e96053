// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens, for people and for machines. On the main thread.
#pragma once

#include "linewriter.h"
#include "protocol/json_write.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

class Log {
 public:
  enum class Level { Info, Warning, Error };
  // What else a machine wants to know of an event.
  using Members = std::function<void(JsonWriter &)>;

  Log();

  // False, and errno: the file cannot be written.
  bool open(const std::string &file);
  // Goes on in the file that has the name now: the old one was moved away.
  void reopen();
  // Standard output gets JSON in place of text.
  void set_json() { *json_ = true; }
  // Shows each line of text, around what is drawn on the terminal.
  void set_screen(std::function<void(const std::string &line)> show) { show_ = std::move(show); }

  // `subject` is the recording's folder, or empty.
  void write(Level level, const char *event, const std::string &subject, const std::string &text,
             const Members &members = {});
  // Waits until all is written, but not long.
  void flush() const;

  LineWriter *output() { return &output_; }
  // Lines that nobody took.
  uint64_t dropped() const;

 private:
  void write_text(Level level, const std::string &subject, const std::string &text);

  std::string path_;
  std::unique_ptr<LineWriter> file_;
  // The writer's thread may outlive this.
  const std::shared_ptr<std::atomic<bool>> json_ = std::make_shared<std::atomic<bool>>(false);
  std::function<void(const std::string &)> show_;
  LineWriter output_;
};

// The lines of one recording.
class SubjectLog {
 public:
  SubjectLog(Log *log, std::string subject, std::string stream_id)
      : log_(log), subject_(std::move(subject)), stream_id_(std::move(stream_id)) {}

  const std::string &subject() const { return subject_; }
  void write(Log::Level level, const char *event, const std::string &text,
             const Log::Members &members = {}) const;

 private:
  Log *const log_;
  const std::string subject_, stream_id_;
};

}  // namespace rtms::recorder

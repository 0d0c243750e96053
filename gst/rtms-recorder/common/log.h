// SPDX-License-Identifier: LGPL-2.1-or-later
// Logs events for people and for programs. Used on the main thread.
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
  // Adds members to an event's JSON.
  using Members = std::function<void(JsonWriter &)>;

  Log();

  // Returns false, and sets errno, if the file cannot be written.
  bool open(const std::string &file);
  // Opens the file by its name again, after a log rotation.
  void reopen();
  // Standard output gets JSON instead of text.
  void set_json() { *json_ = true; }
  // `show` prints each line of text around the display on the terminal.
  void set_screen(std::function<void(const std::string &line)> show) { show_ = std::move(show); }

  // `subject` is the recording's folder, or empty.
  void write(Level level, const char *event, const std::string &subject, const std::string &text,
             const Members &members = {});
  // Waits a short time until all lines are written.
  void flush() const;

  LineWriter *output() { return &output_; }
  // Returns the number of lines that could not be written.
  uint64_t dropped() const;

 private:
  void write_text(Level level, const std::string &subject, const std::string &text);

  std::string path_;
  std::unique_ptr<LineWriter> file_;
  // Shared with the writer's thread, which may outlive this object.
  const std::shared_ptr<std::atomic<bool>> json_ = std::make_shared<std::atomic<bool>>(false);
  std::function<void(const std::string &)> show_;
  LineWriter output_;
};

// The log of one recording.
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens, for people and for machines. On the main thread.
#pragma once

#include "protocol/json_write.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

struct CloseFile {
  void operator()(std::FILE *file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

class Log {
 public:
  enum class Level { Info, Warning, Error };
  // What else a machine wants to know of an event.
  using Members = std::function<void(JsonWriter &)>;

  // False, and errno: the file cannot be written.
  bool open(const std::string &file);
  // Standard output gets JSON in place of text.
  void set_json() { json_ = true; }
  // Called around each line of text, for what is drawn on the terminal.
  void set_screen(std::function<void()> clear, std::function<void()> draw);

  // `subject` is the recording's folder, or empty.
  void write(Level level, const char *event, const std::string &subject, const std::string &text,
             const Members &members = {});

 private:
  void write_text(Level level, const std::string &subject, const std::string &text);

  FilePtr file_;
  bool json_ = false;
  std::function<void()> clear_, draw_;
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

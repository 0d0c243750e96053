// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log.h"

#include "names.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

namespace rtms::recorder {
namespace {

constexpr size_t kLongestText = 500;
constexpr unsigned kFlush_ms = 500;
constexpr const char *kLevels[] = {"info", "warning", "error"};

std::string marked(Log::Level level, const std::string &text) {
  const char *mark = level == Log::Level::Info      ? ""
                     : level == Log::Level::Warning ? "Warning: "
                                                    : "Error: ";
  return mark + text;
}

std::string json_line(Log::Level level, const char *event, const std::string &subject,
                      const std::string &text, const Log::Members &members) {
  JsonWriter writer;
  writer.member("time", time_stamp(g_get_real_time()));
  writer.member("level", std::string(kLevels[static_cast<int>(level)]));
  writer.member("event", std::string(event));
  if (!subject.empty())
    writer.member("recording", subject);
  writer.member("text", shown(text, kLongestText));
  if (members)
    members(writer);
  return writer.text() + "\n";
}

std::string gap_text(uint64_t lines) {
  return std::to_string(lines) + " lines were dropped here: nothing took the log";
}

std::string json_gap(uint64_t lines) {
  return json_line(
      Log::Level::Warning, "log-dropped", "", gap_text(lines),
      [&](JsonWriter &writer) { writer.member("lines", static_cast<int64_t>(lines)); });
}

}  // namespace

Log::Log()
    : output_(STDOUT_FILENO, [json = json_](uint64_t lines) {
        return *json ? json_gap(lines) : marked(Level::Warning, gap_text(lines)) + "\n";
      }) {}

bool Log::open(const std::string &file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0)
    return false;
  path_ = file;
  file_ = std::make_unique<LineWriter>(fd, json_gap);
  return true;
}

void Log::reopen() {
  if (file_)
    file_->reopen(path_);
}

void Log::write(Level level, const char *event, const std::string &subject, const std::string &text,
                const Members &members) {
  if (!*json_)
    write_text(level, subject, text);
  if (!*json_ && !file_)
    return;
  const std::string line = json_line(level, event, subject, text, members);
  if (file_)
    file_->write(line);
  if (*json_)
    output_.write(line);
}

void Log::write_text(Level level, const std::string &subject, const std::string &text) {
  const std::string line =
      (subject.empty() ? "" : subject + ": ") + marked(level, shown(text, kLongestText)) + "\n";
  if (show_)
    show_(line);
  else
    output_.write(line);
}

void Log::flush() const {
  output_.flush(kFlush_ms);
  if (file_)
    file_->flush(kFlush_ms);
}

uint64_t Log::dropped() const {
  return output_.dropped() + (file_ ? file_->dropped() : 0);
}

void SubjectLog::write(Log::Level level, const char *event, const std::string &text,
                       const Log::Members &members) const {
  constexpr size_t kLongestId = 256;
  log_->write(level, event, subject_, text, [&](JsonWriter &writer) {
    writer.member("stream_id", shown(stream_id_, kLongestId));
    if (members)
      members(writer);
  });
}

}  // namespace rtms::recorder

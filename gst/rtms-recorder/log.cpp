// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log.h"

#include "names.h"

#include <glib.h>

namespace rtms::recorder {
namespace {

constexpr size_t kLongestText = 500;
constexpr const char *kLevels[] = {"info", "warning", "error"};

}  // namespace

bool Log::open(const std::string &file) {
  file_.reset(std::fopen(file.c_str(), "ae"));
  return file_ != nullptr;
}

void Log::set_screen(std::function<void()> clear, std::function<void()> draw) {
  clear_ = std::move(clear);
  draw_ = std::move(draw);
}

void Log::write(Level level, const char *event, const std::string &subject, const std::string &text,
                const Members &members) {
  if (!json_)
    write_text(level, subject, text);
  if (!json_ && !file_)
    return;
  JsonWriter writer;
  writer.member("time", time_stamp(g_get_real_time()));
  writer.member("level", std::string(kLevels[static_cast<int>(level)]));
  writer.member("event", std::string(event));
  if (!subject.empty())
    writer.member("recording", subject);
  writer.member("text", shown(text, kLongestText));
  if (members)
    members(writer);
  const std::string line = writer.text() + "\n";
  for (std::FILE *file : {file_.get(), json_ ? stdout : nullptr})
    if (file) {
      std::fputs(line.c_str(), file);
      std::fflush(file);
    }
}

void Log::write_text(Level level, const std::string &subject, const std::string &text) {
  if (clear_)
    clear_();
  const char *mark = level == Level::Info ? "" : level == Level::Warning ? "Warning: " : "Error: ";
  std::printf("%s%s%s%s\n", subject.c_str(), subject.empty() ? "" : ": ", mark,
              shown(text, kLongestText).c_str());
  if (draw_)
    draw_();
  std::fflush(stdout);
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

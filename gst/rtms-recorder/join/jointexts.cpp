// SPDX-License-Identifier: LGPL-2.1-or-later
#include "jointexts.h"

#include "base/glibptr.h"
#include "text/cues.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <sstream>

namespace rtms::recorder {
namespace {

constexpr char kArrow[] = " --> ";

std::string text_of(const std::string &path) {
  char *text = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path.c_str(), &text, &size, nullptr))
    return "";
  const StringPtr owned(text);
  return std::string(text, size);
}

// "00:01:02.345" or "01:02.345".
bool parse_time(const std::string &text, int64_t *ms) {
  long hours = 0, minutes = 0, seconds = 0, millis = 0;
  if (std::sscanf(text.c_str(), "%ld:%ld:%ld.%ld", &hours, &minutes, &seconds, &millis) != 4) {
    hours = 0;
    if (std::sscanf(text.c_str(), "%ld:%ld.%ld", &minutes, &seconds, &millis) != 3)
      return false;
  }
  *ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
  return true;
}

std::string time_text(int64_t ms) {
  char text[32];
  const int64_t s = ms / 1000;
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", static_cast<int>(s / 3600),
                static_cast<int>(s / 60 % 60), static_cast<int>(s % 60),
                static_cast<int>(ms % 1000));
  return text;
}

// Each line once: a line in two parts is the same message.
std::string lines_of(const std::vector<std::string> &folders, const char *name) {
  std::string all;
  std::set<std::string> seen;
  for (const std::string &folder : folders) {
    std::istringstream lines(text_of(folder + "/" + name));
    for (std::string line; std::getline(lines, line);)
      if (seen.insert(line).second)
        all += line + "\n";
  }
  return all;
}

// Returns the error, or empty.
std::string write(const std::string &path, const std::string &text) {
  GError *raw_error = nullptr;
  if (!text.empty())
    g_file_set_contents(path.c_str(), text.data(), static_cast<gssize>(text.size()), &raw_error);
  const ErrorPtr error(raw_error);
  return error ? error->message : "";
}

}  // namespace

std::string shifted_vtt(const std::string &vtt, int64_t by_ms) {
  std::string all;
  std::istringstream lines(vtt);
  bool in_cues = false;
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(kArrow);
    int64_t start = 0, end = 0;
    if (arrow != std::string::npos && parse_time(line, &start) &&
        parse_time(line.substr(arrow + sizeof kArrow - 1), &end)) {
      // What was said before the joined file begins is not in it.
      in_cues = end + by_ms > 0;
      line = time_text(std::max<int64_t>(start + by_ms, 0)) + kArrow + time_text(end + by_ms);
    }
    if (in_cues)
      all += line + "\n";
  }
  return all;
}

std::string join_texts(const JoinParts &parts, const std::string &output) {
  std::string vtt;
  for (const JoinPart &part : parts.media)
    vtt += shifted_vtt(text_of(part.folder + "/meeting.vtt"), part.position_ms);
  std::string problem = write(output + "/meeting.vtt", vtt.empty() ? "" : kVttHead + vtt);
  for (const char *name : {"transcript.jsonl", "chat.jsonl"})
    if (problem.empty())
      problem = write(output + "/" + name, lines_of(parts.folders, name));
  return problem;
}

}  // namespace rtms::recorder

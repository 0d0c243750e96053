// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cues.h"

#include "common/names.h"
#include "protocol/text.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace rtms::recorder {
namespace {

constexpr uint64_t kSecond = 1000000000, kMilli = 1000000;
constexpr size_t kLongestName = 64, kLongestCue = 4000;
constexpr char kWordJoiner[] = "\u2060", kOpen[] = "\uff5b", kClose[] = "\uff5d";

std::string vtt_time(uint64_t ns) {
  const uint64_t ms = ns / kMilli;
  char text[40];
  std::snprintf(text, sizeof text, "%02u:%02u:%02u.%03u", static_cast<unsigned>(ms / 3600000),
                static_cast<unsigned>(ms / 60000 % 60), static_cast<unsigned>(ms / 1000 % 60),
                static_cast<unsigned>(ms % 1000));
  return text;
}

// A line break would end the cue.
std::string vtt_text(std::string_view text, size_t longest) {
  std::string escaped;
  for (char c : shown(text, longest)) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

bool begins_entity(const std::string &text, size_t at) {
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  return next == '#' || std::isalpha(static_cast<unsigned char>(next));
}

}  // namespace

uint64_t end_of(const Line &line) {
  if (line.end > line.start)
    return line.end;
  return line.start + static_cast<uint64_t>(reading_time_ms(line.text)) * kMilli;
}

std::string vtt_cue(const Line &line) {
  std::string cue = vtt_time(line.start) + " --> " + vtt_time(end_of(line)) + "\n";
  if (!line.speaker.empty())
    cue += "<v " + vtt_text(line.speaker, kLongestName) + ">";
  return cue + vtt_text(line.text, kLongestCue) + "\n\n";
}

std::string srt_text(const Line &line) {
  std::string text = line.speaker.empty() ? "" : shown(line.speaker, kLongestName) + ": ";
  text += shown(line.text, kLongestCue);
  const size_t first_open = text.find('{'), last_close = text.rfind('}');
  const bool override = last_close != std::string::npos && first_open < last_close;
  std::string escaped;
  for (size_t at = 0; at < text.size(); at++) {
    const char c = text[at];
    if (override && c == '{')
      escaped += kOpen;
    else if (override && c == '}')
      escaped += kClose;
    else
      escaped += c;
    if (c == '<' || c == '\\' || (c == '&' && begins_entity(text, at)))
      escaped += kWordJoiner;
  }
  return escaped;
}

}  // namespace rtms::recorder

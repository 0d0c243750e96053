// SPDX-License-Identifier: LGPL-2.1-or-later
// Formats transcript lines for files. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtms::recorder {

// A transcript line, or a chat message. Times in ns from the recording's start.
struct Line {
  uint64_t start = 0, end = 0;  // end 0: unknown
  std::string speaker, text;
  std::string interim = {};  // the message, if no final version has come
};

// Returns the end of display; if `end` is unknown, after the time needed to read the line.
uint64_t end_of(const Line &line);

// Returns one cue of WebVTT.
std::string vtt_cue(const Line &line);
inline constexpr char kVttHead[] = "WEBVTT\n\n";

// "NAME: TEXT" for S_TEXT/UTF8, which most players parse as SRT. A word joiner after `<`, `\` and
// `&` prevents tags, escapes and entities. Braces that would be an override become full-width,
// because nothing escapes them.
std::string srt_text(const Line &line);

}  // namespace rtms::recorder

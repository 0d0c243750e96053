// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of the transcript as files have them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtms::recorder {

// A line of the transcript, or a chat message. Times in ns from the recording's start.
struct Line {
  uint64_t start = 0, end = 0;  // end 0: not known
  std::string speaker, text;
};

// When it is to go: where its end is not known, as long after `start` as it takes to read.
uint64_t end_of(const Line &line);

// One cue of WebVTT.
std::string vtt_cue(const Line &line);
inline constexpr char kVttHead[] = "WEBVTT\n\n";

// "NAME: TEXT" for S_TEXT/UTF8, which is SRT to most players, so that all of them show it as it is:
// an invisible character is behind what would begin a tag, an escape or an entity. Braces that
// would be an override have none that helps, and are full-width ones.
std::string srt_text(const Line &line);

}  // namespace rtms::recorder

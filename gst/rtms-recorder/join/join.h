// SPDX-License-Identifier: LGPL-2.1-or-later
// One recording of the parts that several recorders, or several starts of one, have left.
#pragma once

#include <string>
#include <vector>

namespace rtms::recorder {

// A part, as its meeting.json has it.
struct JoinPart {
  std::string folder, file, recording;
  int64_t number = 1;
  int64_t start_ms = 0;  // when was captured what is at the file's beginning, in Unix ms
  // Where silence and black frames begin that nothing follows, from there; -1: not known.
  int64_t audio_end_ms = -1, video_end_ms = -1;
};

// In their order. What is wrong, or nothing.
std::string find_parts(const std::vector<std::string> &folders, std::vector<JoinPart> *parts);
// Writes meeting.mkv or meeting.mp4, meeting.vtt and the lists of lines into a folder; nothing is
// encoded again, and what is in no part stays a gap. What is wrong, or nothing.
std::string join_parts(const std::vector<JoinPart> &parts, const std::string &output);

// The command `rtms-recorder --join`, with its arguments. The status for the shell.
int run_join(int argc, char **argv);
bool is_join(int argc, char **argv);

}  // namespace rtms::recorder

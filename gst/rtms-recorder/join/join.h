// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins the parts of a recording that several recorders, or restarts of one, have written.
#pragma once

#include <string>
#include <vector>

namespace rtms::recorder {

// A part, as described by its meeting.json.
struct JoinPart {
  std::string folder, recording;
  std::string format;  // "mkv" or "mp4"
  int64_t number = 1;
  // The capture time of the file's start, in Unix ms, computed from the end of the file. Computed
  // from its beginning, it is `drift_ms` earlier.
  int64_t start_ms = 0, drift_ms = 0;
  int64_t position_ms = 0;  // of the file's start in the joined file
  // At least one of them is there. The tail: the last media, which the file lacks because the
  // recorder was killed.
  bool has_file = false, has_tail = false;
  int64_t tail_start_ms = 0;
  bool is_damaged = false;  // there was a file with media
  // Where the silence and the black frames at the end of the file begin; -1: unknown.
  int64_t audio_end_ms = -1, video_end_ms = -1;
};

// All in order. A part in which nobody spoke and no camera was on may have texts.
struct JoinParts {
  std::vector<JoinPart> media;
  std::vector<std::string> folders;
  std::vector<std::string> lacks;  // what the joined file lacks, as sentences
};

// Reads the parts. Returns the error, or empty.
std::string find_parts(const std::vector<std::string> &folders, JoinParts *parts);
// Writes meeting.mkv or meeting.mp4, meeting.vtt and the lists of lines into a folder, without
// encoding again. Media that no part has remains a gap. Adds to the lacks. Returns the error, or
// empty.
std::string join_parts(JoinParts *parts, const std::string &output);

// The command `rtms-recorder --join`. Returns the exit status.
int run_join(int argc, char **argv);
bool is_join(int argc, char **argv);

}  // namespace rtms::recorder

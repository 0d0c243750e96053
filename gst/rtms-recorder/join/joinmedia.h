// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins the media of several files in one, each at its time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rtms::recorder {

struct JoinInput {
  std::string file;
  int64_t offset_ms = 0;  // of its start, from that of the first file
  // Later media is left out; -1: none.
  int64_t audio_end_ms = -1, video_end_ms = -1;
  bool continues = false;  // the stream of the input before: a tail
  enum class Takes { All, Audio, Video } takes = Takes::All;
};

// All files have the same container format. Returns the error, or empty.
std::string join_media(const std::vector<JoinInput> &inputs, const std::string &file);

}  // namespace rtms::recorder

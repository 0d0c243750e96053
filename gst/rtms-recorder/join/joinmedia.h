// SPDX-License-Identifier: LGPL-2.1-or-later
// The media of several files in one, each at its time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rtms::recorder {

struct JoinInput {
  std::string file;
  int64_t offset_ms = 0;  // of its beginning, from that of the first
  // What is behind is not taken; -1: all is.
  int64_t audio_end_ms = -1, video_end_ms = -1;
};

// All in one kind of container. What is wrong, or nothing.
std::string join_media(const std::vector<JoinInput> &inputs, const std::string &file);

}  // namespace rtms::recorder

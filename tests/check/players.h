// SPDX-License-Identifier: LGPL-2.1-or-later
// Programs with which people play recordings. Each plays a file and seeks in it, and has nothing to
// say about it.
#pragma once

#include "recording.h"

namespace rtmscheck {

struct Played {
  std::string file;
  double length = 0;  // in s
  bool video = true;  // there are frames to the end
};

// From there and there on; the audio is there to the end.
void expect_ffmpeg(const Played &played);
void expect_gstreamer(const Played &played);
void expect_mpv(const Played &played);
// All of them at once, with the transcripts beside them: MP4 only.
void expect_browser(const std::vector<Played> &all);

}  // namespace rtmscheck

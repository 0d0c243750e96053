// SPDX-License-Identifier: LGPL-2.1-or-later
// The file of a recording: the muxer, and what leads to it.
#pragma once

#include "intake.h"

namespace rtms::recorder {

// The elements that recording with these options takes.
std::string elements_for(const Options &options);
const char *file_name(const Options &options);

// Adds to the pipeline a muxer with a track for each of what waits, of the sounds, and of the texts
// where there are some, and links them. What could not be linked, or nothing.
std::string add_container(const Options &options, const std::string &folder, GstBin *pipeline,
                          const std::vector<Waiting> &all, Sound *sound, Texts *texts);

}  // namespace rtms::recorder

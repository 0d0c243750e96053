// SPDX-License-Identifier: LGPL-2.1-or-later
// The container of a recording: the muxer and its tracks.
#pragma once

#include "disk/growingfile.h"
#include "intake.h"

#include <atomic>

namespace rtms::recorder {

// The names of the elements that these options need.
std::string elements_for(const Options &options);
const char *file_name(const Options &options);
GrowingFile::Check file_check(const Options &options);

// The running time that the file has reached. Any thread. Inputs do not tell it: how much a muxer
// accepts before it writes depends on the version of GStreamer.
using Reached = std::atomic<GstClockTime>;

// Adds a muxer to the pipeline, with a track for each pad in `all`, the audio tracks, and the
// transcript if `texts` is not null, and links them. Caps that are not known are those in front of
// the pad's queue. Returns what could not be linked, or empty.
std::string add_container(const Options &options, const std::string &path, GstBin *pipeline,
                          std::vector<Waiting> *all, Sources *sources, Texts *texts,
                          std::shared_ptr<Reached> reached);

}  // namespace rtms::recorder

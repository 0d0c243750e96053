// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a muxer waits for a track that has nothing.
#pragma once

#include "common/gst.h"

namespace rtms::recorder {

// Makes the muxer go on at the GAP events of all its pads, once it has written its header.
// matroskamux of GStreamer 1.22 does so for subtitles only, and would write nothing while a shared
// slide does not change. Later muxers do so anyway.
void go_on_at_gaps(GstElement *mux);

}  // namespace rtms::recorder

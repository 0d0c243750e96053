// SPDX-License-Identifier: LGPL-2.1-or-later
// The frame behind camera and screen share.
#pragma once

#include "elements.h"
#include "scene/layout.h"

namespace rtms::program {

CapsPtr frame_caps(const Size &size, int fps_n, int fps_d);

struct Slate {
  guint32 color = 0;  // ARGB; alpha is ignored
  std::string location;
};

// Returns null, and sets `error`, if the file cannot be read.
BufferPtr make_slate(const Slate &slate, GstCaps *caps, std::string *error);

}  // namespace rtms::program

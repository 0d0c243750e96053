// SPDX-License-Identifier: LGPL-2.1-or-later
// The frame that is shown while there is neither camera nor screen share.
#pragma once

#include "elements.h"
#include "scene/layout.h"

namespace rtms::program {

// The caps of all frames of the program.
CapsPtr frame_caps(const Size &size, int fps_n, int fps_d);

struct Slate {
  guint32 color = 0;  // ARGB; its alpha is not used
  std::string location;
};

// Null where the file cannot be read: `error` says why.
BufferPtr make_slate(const Slate &slate, GstCaps *caps, std::string *error);

}  // namespace rtms::program

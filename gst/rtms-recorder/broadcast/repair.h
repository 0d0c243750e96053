// SPDX-License-Identifier: LGPL-2.1-or-later
// The program's file of a recorder that was killed.
#pragma once

#include <string>

namespace rtms::recorder {

// Gives the file one index. Without that GStreamer alone can read all of it: its muxer omits the
// size of some samples in fragments. Blocks. Returns the error, or empty.
std::string repair_program(const std::string &path);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Disk space that is taken before it is needed: whoever removes the file can write on a full disk.
#pragma once

#include <string>

namespace rtms::recorder {

// Makes the file, of 64 KiB, unless it exists. It is whole, or not there.
void make_reserve(const std::string &path);

}  // namespace rtms::recorder

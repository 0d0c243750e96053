// SPDX-License-Identifier: LGPL-2.1-or-later
// Waits until what was written is on the disk. Each function returns 0, or errno; a file system
// that cannot tell has done it.
#pragma once

#include <string>

namespace rtms::recorder {

int sync_fd(int fd);
int sync_file(const std::string &path);
// The names in the file's folder; nothing is known of a folder that cannot be opened.
int sync_folder_of(const std::string &path);

}  // namespace rtms::recorder

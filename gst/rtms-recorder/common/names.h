// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes texts from the network safe for file names, terminals and lists. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rtms::recorder {

// A file name of letters, digits, '-', '_' and '.', without a leading dot; never empty.
std::string safe_name(std::string_view text, size_t longest = 64);

// One line of valid UTF-8, without control characters and those that reorder the text around them,
// of at most `longest` characters.
std::string shown(std::string_view text, size_t longest = 64);

// Unix time in µs: "2026-11-24T10-20-30Z" for file names, "2026-11-24T10:20:30.123Z" for programs.
std::string file_stamp(int64_t unix_us);
std::string time_stamp(int64_t unix_us);

// "1:02:03"
std::string clock_text(int64_t seconds);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses header values of untrusted requests. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

struct HttpRange {
  enum class Kind { Whole, Part, Outside } kind = Kind::Whole;
  uint64_t first = 0, size = 0;  // of a part, never empty
};

// Parses a Range header for a file: one range of bytes. Other values are ignored.
HttpRange range_of(std::string_view value, uint64_t file_size);

// Returns the host of a Host header, in lower case, without port and brackets; empty if invalid.
std::string host_of(std::string_view value);

// Returns the token of an Authorization header: "Bearer TOKEN", or the password of "Basic …";
// nothing for other values.
std::optional<std::string> token_of(std::string_view value);

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// What the values of some headers of a stranger's request mean. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

struct HttpRange {
  enum class Kind { Whole, Part, Outside } kind = Kind::Whole;
  uint64_t first = 0, size = 0;  // of a part, which is not empty
};

// What a Range header asks for of a file: one range of bytes. Anything else is ignored.
HttpRange range_of(std::string_view value, uint64_t file_size);

// The host that a Host header names, in lower case, without its port and brackets; empty where the
// value is none.
std::string host_of(std::string_view value);

// The token of an Authorization header: "Bearer TOKEN", or the password of "Basic …"; nothing where
// the value is neither.
std::optional<std::string> token_of(std::string_view value);

}  // namespace rtms

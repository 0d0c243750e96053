// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses rtmssrc's JSON of a transcript line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rtms::recorder {

struct Spoken {
  enum class Operation { New, Update, Delete };

  std::string who, name, text;       // who: identifies the speaker
  int64_t start_ms = 0, end_ms = 0;  // Unix time; end 0: unknown
  bool has_start = false;            // false: start_ms is when the message was made
  bool is_final = true;
  Operation operation = Operation::New;
  std::string json = {};  // the whole message
};

// Returns nothing if the JSON is something else.
std::optional<Spoken> read_spoken(const std::string &json);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmssrc's JSON about a line of the transcript.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rtms::recorder {

struct Spoken {
  enum class Operation { New, Update, Delete };

  std::string who, name, text;       // who: whose lines belong together
  int64_t start_ms = 0, end_ms = 0;  // Unix time; end 0: not known
  bool has_start = false;            // else it is when the message was made
  bool is_final = true;
  Operation operation = Operation::New;
};

// Nothing where it is no such JSON.
std::optional<Spoken> read_spoken(const std::string &json);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What recorders write into the store, as JSON: records, and webhooks.
#pragma once

#include "records.h"

#include <optional>

namespace rtms::recorder {

// A record, and what it takes to judge it: see Fold. `writer` and `ticket` name the write.
struct WireRecord {
  std::string id;  // the lease's; a claim has its stream
  Record record;
  uint64_t follows = 0;
  std::string writer;
  uint64_t ticket = 0;
};

std::string to_json(const WireRecord &record);
// Nothing: it is none.
std::optional<WireRecord> record_of(const std::string &json);

}  // namespace rtms::recorder

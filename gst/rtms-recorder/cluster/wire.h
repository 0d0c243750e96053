// SPDX-License-Identifier: LGPL-2.1-or-later
// The JSON form of records in the store.
#pragma once

#include "records.h"

#include <optional>

namespace rtms::recorder {

// A record with the revision that it follows: see Fold. `writer` and `ticket` identify the write.
struct WireRecord {
  std::string id;  // of the lease; a claim has its stream's
  Record record;
  uint64_t follows = 0;
  std::string writer;
  uint64_t ticket = 0;
};

std::string to_json(const WireRecord &record);
// Returns nothing if `json` is not a record.
std::optional<WireRecord> record_of(const std::string &json);
// The place at which a write is stored, of JetStream's answer; 0 if it is refused.
uint64_t stored_at(const std::string &json);

}  // namespace rtms::recorder

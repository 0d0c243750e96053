// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes elements of Matroska files. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rtms::recorder::ebml {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kSimpleBlock = 0xa3, kBlockGroup = 0xa0, kBlock = 0xa1, kBlockDuration = 0x9b,
                  kTimestamp = 0xe7, kVoid = 0xec;

struct Number {
  uint64_t value;
  std::size_t length;
};
// Reads a number of variable length; nothing if it is unknown or truncated.
std::optional<Number> number_at(const uint8_t *data, std::size_t size);

// Appends in big-endian order.
void append(Bytes *to, uint64_t value, std::size_t bytes);
void append(Bytes *to, const Bytes &more);
// Returns an element with an ID of one byte, and the shortest size field for its content.
Bytes element(uint8_t id, const Bytes &content);
Bytes number_element(uint8_t id, uint64_t value);
// Returns the header of a Void element of `size` bytes in total, at least 2.
Bytes void_header(uint64_t size);
// Whether a Matroska file has media. After a kill it may have a header only, or a part of it.
bool has_cluster(const std::string &file);

}  // namespace rtms::recorder::ebml

// SPDX-License-Identifier: LGPL-2.1-or-later
// The elements of which a Matroska file consists. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rtms::recorder::ebml {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kSimpleBlock = 0xa3, kBlockGroup = 0xa0, kBlock = 0xa1, kBlockDuration = 0x9b,
                  kTimestamp = 0xe7, kVoid = 0xec;

struct Number {
  uint64_t value;
  std::size_t length;
};
// A number of variable length; none where it is unknown or cut off.
std::optional<Number> number_at(const uint8_t *data, std::size_t size);

// Big-endian.
void append(Bytes *to, uint64_t value, std::size_t bytes);
void append(Bytes *to, const Bytes &more);
// An element with an ID of one byte, and as few bytes of size as its content needs.
Bytes element(uint8_t id, const Bytes &content);
Bytes number_element(uint8_t id, uint64_t value);
// The first bytes of an element that fills `size` bytes, at least 2, with nothing.
Bytes void_header(uint64_t size);

}  // namespace rtms::recorder::ebml

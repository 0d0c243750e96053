// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ebml.h"

#include <fstream>

namespace rtms::recorder::ebml {
namespace {

constexpr std::size_t kMostLength = 8;

// The highest value of each length means an unknown size.
std::size_t length_of(uint64_t value) {
  std::size_t length = 1;
  while (length < kMostLength && value >= (uint64_t{1} << (7 * length)) - 1)
    length++;
  return length;
}

void append_size(Bytes *to, uint64_t value, std::size_t length) {
  append(to, uint64_t{1} << (7 * length) | value, length);
}

}  // namespace

std::optional<Number> number_at(const uint8_t *data, std::size_t size) {
  if (size == 0 || data[0] == 0)
    return std::nullopt;
  const std::size_t length = static_cast<std::size_t>(__builtin_clz(data[0])) - 24 + 1;
  if (size < length)
    return std::nullopt;
  uint64_t value = data[0] & ((0x80u >> (length - 1)) - 1);
  for (std::size_t i = 1; i < length; i++)
    value = value << 8 | data[i];
  if (value == (uint64_t{1} << (7 * length)) - 1)
    return std::nullopt;
  return Number{value, length};
}

void append(Bytes *to, uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;)
    to->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void append(Bytes *to, const Bytes &more) {
  to->insert(to->end(), more.begin(), more.end());
}

Bytes element(uint8_t id, const Bytes &content) {
  Bytes all = {id};
  append_size(&all, content.size(), length_of(content.size()));
  append(&all, content);
  return all;
}

Bytes number_element(uint8_t id, uint64_t value) {
  Bytes content;
  append(&content, value, sizeof(value));
  return element(id, content);
}

Bytes void_header(uint64_t size) {
  // The size field has one byte, or eight: with one byte, 129 bytes in total are impossible.
  const std::size_t length = size - 2 < 127 ? 1 : kMostLength;
  Bytes header = {kVoid};
  append_size(&header, size - 1 - length, length);
  return header;
}

bool has_cluster(const std::string &file) {
  constexpr std::size_t kMostHeader = 1 << 20;
  constexpr char kCluster[] = {0x1f, 0x43, static_cast<char>(0xb6), 0x75};
  std::string start(kMostHeader, 0);
  std::ifstream input(file, std::ios::binary);
  input.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(input.gcount()));
  return start.find(kCluster, 0, sizeof kCluster) != std::string::npos;
}

}  // namespace rtms::recorder::ebml

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "latelines.h"

#include "ebml.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

// A block's time is relative to its cluster, in 16 bits.
constexpr uint64_t kFarthest_ms = 32000;
constexpr std::size_t kMostSpaces = 60;
// The bytes of a block around its text, which a muxer may write in fewer.
constexpr std::size_t kMostAround = 40;
// The shortest Void has two bytes.
constexpr uint64_t kLeastVoid = 2;

ebml::Bytes block_group(const LateLines::Space &space, uint64_t start_ms, uint64_t end_ms,
                        const std::string &text) {
  const auto offset = static_cast<int64_t>(start_ms) - static_cast<int64_t>(space.cluster_time);
  ebml::Bytes block = {static_cast<uint8_t>(0x80 | space.track)};
  ebml::append(&block, static_cast<uint16_t>(offset), 2);
  block.push_back(0);
  block.insert(block.end(), text.begin(), text.end());
  ebml::Bytes content = ebml::element(ebml::kBlock, block);
  ebml::append(&content, ebml::number_element(ebml::kBlockDuration, end_ms - start_ms));
  return ebml::element(ebml::kBlockGroup, content);
}

}  // namespace

// The block of a longer text is larger than each usual one.
std::size_t LateLines::payload_for(std::size_t length) {
  return length + kMostAround <= kReserved ? kReserved : length + 2 * kMostAround;
}

void LateLines::push(uint64_t start_ms, uint64_t end_ms, const std::string &text) {
  std::lock_guard<std::mutex> lock(mutex_);
  lines_.push_back({start_ms, std::max(start_ms, end_ms), text});
}

void LateLines::reserved(const Space &space) {
  std::lock_guard<std::mutex> lock(mutex_);
  spaces_.push_back(space);
  if (spaces_.size() > kMostSpaces)
    spaces_.pop_front();
}

// Returns the last block before the line, or the next one with room. The blocks of long lines are
// for these only, in their order.
LateLines::Space *LateLines::space_for(const Late &line, uint64_t need) {
  const bool is_long = payload_for(line.text.size()) > kReserved;
  auto space = std::find_if(spaces_.begin(), spaces_.end(),
                            [&](const Space &one) { return is_long || one.time > line.start; });
  if (space != spaces_.begin())
    --space;
  for (; space != spaces_.end(); ++space) {
    if (!is_long && space->size > kReserved + kMostAround)
      continue;
    const bool near = line.start + kFarthest_ms > space->cluster_time &&
                      space->cluster_time + kFarthest_ms > line.start;
    if (near && (space->size == need || space->size >= need + kLeastVoid))
      return &*space;
  }
  return nullptr;
}

// No block to come is near it.
bool LateLines::is_too_late(const Late &line) const {
  return !spaces_.empty() && line.start + kFarthest_ms <= spaces_.back().cluster_time;
}

std::vector<LateLines::Patch> LateLines::take() {
  std::vector<Patch> patches;
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto line = lines_.begin(); line != lines_.end();) {
    // The length of an element does not depend on its position.
    const uint64_t need = block_group({}, line->start, line->end, line->text).size();
    Space *space = space_for(*line, need);
    if (!space && is_too_late(*line)) {
      line = lines_.erase(line);
      continue;
    }
    if (!space) {
      ++line;
      continue;
    }
    Patch patch{space->position, block_group(*space, line->start, line->end, line->text)};
    space->position += need;
    space->size -= need;
    if (space->size)
      ebml::append(&patch.bytes, ebml::void_header(space->size));
    patches.push_back(std::move(patch));
    line = lines_.erase(line);
  }
  return patches;
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "repetitions.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace rtms {
namespace {

// Repetitions are at most a minute old: so many texts, and packets of 20 ms.
constexpr size_t kMost = 1000, kMostPackets = 4000;
constexpr size_t kMostVersions = 64;  // of a text

}  // namespace

bool KnownTexts::accept(const MediaData &data) {
  if (!data.start_time && data.timestamp == 0)  // no way to identify the text
    return true;
  const Key key(data.from(), data.start_time.value_or(data.timestamp));
  const auto [known, is_new] = shown_.try_emplace(key);
  if (is_new) {
    order_.push_back(key);
    if (order_.size() > kMost) {
      shown_.erase(order_.front());
      order_.pop_front();
    }
  }
  Shown &shown = known->second;
  if (data.operation == TextOperation::Delete && !is_new)
    return json_ && !std::exchange(shown.withdrawn, true);
  // What withdraws an unknown text says nothing without its words.
  if (data.operation == TextOperation::Delete && data.payload.empty() && !json_)
    return false;
  size_t hash = std::hash<std::string_view>()(data.payload);
  if (json_ && !data.is_final.value_or(true))
    hash = ~hash;  // a final text differs from an interim one with the same words
  std::vector<size_t> &versions = shown.versions;
  // A correction, or another hypothesis, may restore an earlier version.
  const bool changes =
      data.operation == TextOperation::Update || (json_ && !data.is_final.value_or(true));
  const auto from = changes && !versions.empty() ? versions.end() - 1 : versions.begin();
  if (std::find(from, versions.end(), hash) != versions.end())
    return false;
  if (versions.size() >= kMostVersions)
    versions.erase(versions.begin());
  versions.push_back(hash);
  shown.withdrawn = false;
  return true;
}

// The beginning of a packet tells it from another one with the same timestamp, of a server whose
// clock is behind.
bool KnownAudio::accept(const MediaData &data) {
  constexpr size_t kBeginning = 64;
  if (data.timestamp == 0)
    return true;
  const Packet packet{data.timestamp,
                      std::hash<std::string_view>()(data.payload.substr(0, kBeginning))};
  const auto is_it = [&packet](const Packet &known) {
    return known.timestamp == packet.timestamp && known.hash == packet.hash;
  };
  if (packet.timestamp > repeats_until_)
    repeats_until_ = 0;
  else if (std::any_of(packets_.rbegin(), packets_.rend(), is_it))
    return false;
  newest_ = std::max(newest_, packet.timestamp);
  packets_.push_back(packet);
  if (packets_.size() > kMostPackets)
    packets_.pop_front();
  return true;
}

}  // namespace rtms

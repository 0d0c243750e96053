// SPDX-License-Identifier: LGPL-2.1-or-later
#include "knowntexts.h"

#include <functional>
#include <utility>

namespace rtms {
namespace {

// Repetitions are at most a minute old.
constexpr size_t kMost = 1000;

}  // namespace

bool KnownTexts::accept(const MediaData &data) {
  if (!data.start_time && data.timestamp == 0)  // no way to identify the text
    return true;
  const Key key(data.from(), data.start_time.value_or(data.timestamp));
  if (data.operation == TextOperation::Delete && hashes_.erase(key))
    return json_;
  size_t hash = std::hash<std::string_view>()(data.payload);
  if (json_ && !data.is_final.value_or(true))
    hash = ~hash;  // a final text differs from an interim one with the same words
  const auto [known, is_new] = hashes_.try_emplace(key, hash);
  if (!is_new)
    return std::exchange(known->second, hash) != hash;
  order_.push_back(key);
  if (order_.size() > kMost) {
    hashes_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

}  // namespace rtms

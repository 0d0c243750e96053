// SPDX-License-Identifier: LGPL-2.1-or-later
#include "knowntexts.h"

#include <functional>
#include <utility>

namespace rtms {
namespace {

// What comes again is of the last minute.
constexpr size_t kMost = 1000;

}  // namespace

bool KnownTexts::accept(const MediaData &data) {
  if (!data.start_time && data.timestamp == 0)  // any text could be that one
    return true;
  const Key key(data.from(), data.start_time.value_or(data.timestamp));
  if (data.operation == TextOperation::Delete && hashes_.erase(key))
    return json_;
  size_t hash = std::hash<std::string_view>()(data.payload);
  if (json_ && !data.is_final.value_or(true))
    hash = ~hash;  // the same words are another text when they are final
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

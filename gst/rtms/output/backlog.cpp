// SPDX-License-Identifier: LGPL-2.1-or-later
#include "backlog.h"

#include <utility>

namespace rtms {
namespace {
constexpr unsigned kMaxHold_ms = 5000;
}  // namespace

bool Backlog::hold(const MediaData &data) {
  const uint64_t cost = data.payload.size() + sizeof(HeldMedia);
  if (max_bytes_ && bytes_ + cost > max_bytes_)
    return false;
  if (messages_.empty())
    timer_.start(kMaxHold_ms, overdue_);
  bytes_ += cost;
  messages_.push_back(std::make_unique<HeldMedia>(data));
  return true;
}

Backlog::Messages Backlog::take() {
  timer_.stop();
  bytes_ = 0;
  return std::exchange(messages_, {});
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "backlog.h"

#include <utility>

namespace rtms {
namespace {
constexpr unsigned kMaxHold_ms = 5000;
}  // namespace

bool Backlog::hold(const MediaData &data) {
  auto held = std::make_unique<HeldMedia>(data);
  if (max_bytes_ && bytes_ + held->bytes() > max_bytes_)
    return false;
  if (messages_.empty()) {
    wait();
    since_us_ = g_get_monotonic_time();
  }
  bytes_ += held->bytes();
  messages_.push_back(std::move(held));
  return true;
}

void Backlog::connected() {
  if (!messages_.empty())
    wait();
}

void Backlog::wait() {
  timer_.start(kMaxHold_ms, [this] {
    if (connecting_() && waited_ns() / 1000000 < connect_wait_ms_)
      wait();
    else
      overdue_();
  });
}

int64_t Backlog::waited_ns() const {
  return messages_.empty() ? 0 : (g_get_monotonic_time() - since_us_) * 1000;
}

Backlog::Messages Backlog::take() {
  timer_.stop();
  bytes_ = 0;
  return std::exchange(messages_, {});
}

}  // namespace rtms

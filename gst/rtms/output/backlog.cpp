// SPDX-License-Identifier: LGPL-2.1-or-later
#include "backlog.h"

#include <algorithm>
#include <utility>

namespace rtms {
namespace {

constexpr int64_t kWait_ms = 5000;

int64_t ms_since(int64_t time_us) {
  return (g_get_monotonic_time() - time_us) / 1000;
}

}  // namespace

bool Backlog::hold(const MediaData &data) {
  auto held = std::make_unique<HeldMedia>(data);
  if (max_bytes_ && bytes_ + held->bytes() > max_bytes_)
    return false;
  if (messages_.empty()) {
    since_us_ = g_get_monotonic_time();
    wait();
  }
  bytes_ += held->bytes();
  messages_.push_back(std::move(held));
  return true;
}

void Backlog::connecting() {
  connecting_ = true;
  if (!messages_.empty())
    wait();
}

void Backlog::connected() {
  connecting_ = false;
  connected_us_ = g_get_monotonic_time();
  if (!messages_.empty())
    wait();
}

int64_t Backlog::left_ms() const {
  const int64_t waited_ms = ms_since(since_us_);
  const auto connect_ms = int64_t{connect_wait_ms_};
  if (connecting_)
    return std::max(kWait_ms, connect_ms) - waited_ms;
  return std::min(kWait_ms - ms_since(std::max(since_us_, connected_us_)),
                  kWait_ms + connect_ms - waited_ms);
}

void Backlog::wait() {
  timer_.start(static_cast<unsigned>(std::max<int64_t>(left_ms(), 0)), overdue_);
}

bool Backlog::begins_before(int64_t unix_ms) const {
  const auto is_text_of = [](const auto &held) { return is_text(held->data.media); };
  const auto first = std::find_if_not(messages_.begin(), messages_.end(), is_text_of);
  return first != messages_.end() && (*first)->data.timestamp > 0 &&
         (*first)->data.timestamp < unix_ms;
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

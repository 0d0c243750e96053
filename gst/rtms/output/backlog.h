// SPDX-License-Identifier: LGPL-2.1-or-later
// What waits for the first audio. With buffer-data that is older than anything else, but need not
// come first: the stream would begin after its audio does.
#pragma once

#include "base/timer.h"
#include "media/heldmedia.h"

#include <functional>
#include <memory>
#include <vector>

namespace rtms {

class Backlog {
 public:
  using Messages = std::vector<std::unique_ptr<HeldMedia>>;

  // `max_bytes`: 0: no bound. `overdue` is called when the first message has waited for long
  // enough.
  Backlog(uint64_t max_bytes, std::function<void()> overdue)
      : max_bytes_(max_bytes), overdue_(std::move(overdue)) {}

  // False where there is no room: nothing waits any longer then.
  bool hold(const MediaData &data);
  // For how long the first of them has waited, in ns.
  int64_t waited_ns() const;
  // In the order in which they came. Nothing waits afterwards.
  Messages take();

 private:
  const uint64_t max_bytes_;
  const std::function<void()> overdue_;
  Timer timer_;
  Messages messages_;
  int64_t since_us_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace rtms

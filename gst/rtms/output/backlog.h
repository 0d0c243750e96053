// SPDX-License-Identifier: LGPL-2.1-or-later
// Messages that wait for the first audio. With buffer-data, audio is the oldest, but may arrive
// later than other media: the stream would then begin after its audio.
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

  // `max_bytes` 0: no limit. `overdue` is called when the messages have waited for 5 s. While the
  // connection of the audio is being made, they wait for `connect_wait_ms` if that is longer: the
  // service keeps the audio meanwhile, and sends it then. From the connection on, they wait for 5 s
  // again; together never longer than both.
  Backlog(uint64_t max_bytes, unsigned connect_wait_ms, std::function<void()> overdue)
      : max_bytes_(max_bytes), connect_wait_ms_(connect_wait_ms), overdue_(std::move(overdue)) {}

  // The connection of the audio is being made, or is there. At the beginning, it is there.
  void connecting();
  void connected();
  // Returns false if the limit is reached: then nothing may wait any longer.
  bool hold(const MediaData &data);
  bool is_empty() const { return messages_.empty(); }
  // Whether the first message, texts aside, was captured before this time.
  bool begins_before(int64_t unix_ms) const;
  // Returns for how long the first message has waited, in ns.
  int64_t waited_ns() const;
  // Returns the messages in the order of their arrival, and forgets them.
  Messages take();

 private:
  void wait();
  int64_t left_ms() const;

  const uint64_t max_bytes_;
  const unsigned connect_wait_ms_;
  const std::function<void()> overdue_;
  Timer timer_;
  Messages messages_;
  int64_t since_us_ = 0;      // of the first message
  int64_t connected_us_ = 0;  // 0: no connection was made
  bool connecting_ = false;
  uint64_t bytes_ = 0;
};

}  // namespace rtms

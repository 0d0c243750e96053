// SPDX-License-Identifier: LGPL-2.1-or-later
// A made meeting that is encoded once, and played by many servers.
#pragma once

#include <atomic>

#include "fixture.h"

namespace rtmscheck {

// What the meeting sends, each participant's sound separately.
struct Reel {
  std::map<Media, std::vector<std::pair<int64_t, MediaItem>>> items;  // when, and what
  std::vector<std::pair<int64_t, EventItem>> events;
};
std::shared_ptr<const Reel> film(const MeetingOptions &options);

// Ends when it is over.
class ReelSource : public MediaSource {
 public:
  std::atomic<bool> over{false};
  explicit ReelSource(std::shared_ptr<const Reel> reel) : reel_(std::move(reel)) {}
  bool next(Media m, MediaItem &item, int64_t &due_ms) override;
  bool next_event(EventItem &item, int64_t &due_ms) override;

 private:
  int64_t now();

  std::shared_ptr<const Reel> reel_;
  std::map<Media, std::size_t> next_;
  std::size_t next_event_ = 0;
  int64_t start_ = 0;
};

}  // namespace rtmscheck

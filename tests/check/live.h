// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that sends what a test tells it to, when it tells it.
#pragma once

#include <array>
#include <atomic>

#include "fixture.h"

namespace rtmscheck {

Config quiet_config();
// The server lets media come once a connection is ready: all that are asked for.
void wait_ready(Server &server, unsigned links);
// And the pads are all there.
void wait_streaming(Player &player, Server &server, unsigned links);

// Messages. `extra`: JSON members of `content`, with a comma in front.
std::string media_json(int type, int64_t at_ms, const Bytes &payload, uint64_t user = kUser,
                       const std::string &extra = "");
std::string audio_json(int64_t at_ms, uint64_t user = kUser, const std::string &extra = "");
std::string transcript_json(int64_t at_ms, const std::string &extra);
// Sound and pictures with numbers; a keyframe is every tenth picture. Sent faster than captured by
// `speed`; the stream begins at `from_ms`.
class Ticker : public MediaSource {
 public:
  explicit Ticker(int speed = 1, int64_t end_ms = INT64_MAX, int64_t from_ms = 0);
  bool next(Media m, MediaItem &item, int64_t &due_ms) override;
  void skip_to(Media m, int64_t due_ms) override;

  // The number of a packet.
  static int64_t number(const Packet &packet);
  static bool is_keyframe(int64_t number) { return number % 10 == 0; }

 private:
  int64_t &count(Media m) { return counts_[static_cast<size_t>(m)]; }
  const int speed_;
  const int64_t end_ms_, from_ms_;
  std::array<int64_t, kMediaCount> counts_{};
};

// Until it is over.
class StoppableTicker : public Ticker {
 public:
  bool next(Media m, MediaItem &item, int64_t &due_ms) override {
    return !over && Ticker::next(m, item, due_ms);
  }
  std::atomic<bool> over{false};
};

// `members`: of the event, besides its type and timestamp.
std::string event_json(int type, const std::string &members, int64_t at_ms = 0);

}  // namespace rtmscheck

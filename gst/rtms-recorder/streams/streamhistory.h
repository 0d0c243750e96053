// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of streams that have ended: webhooks can arrive late, and more than once. Pure.
#pragma once

#include "common/recent.h"
#include "protocol/webhook.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace rtms::recorder {

class StreamHistory {
 public:
  // The service announced the end.
  void ended(const Webhook &stopped) {
    const int64_t *before = ended_ms_.find(stopped.stream_id);
    ended_ms_.put(stopped.stream_id, std::max(stopped.event_ts, before ? *before : 0));
  }
  // Whether an announcement was delivered after the end of its stream.
  bool is_late(const Webhook &started) const {
    const int64_t *ended_ms = ended_ms_.find(started.stream_id);
    return ended_ms && is_late_start(started, *ended_ms);
  }
  void begun(const std::string &stream) { recorded_.put(stream, false); }
  void recorded(const std::string &stream) { recorded_.put(stream, true); }
  // Whether the stream's last recording is complete.
  bool is_recorded(const std::string &stream) const {
    const bool *recorded = recorded_.find(stream);
    return recorded && *recorded;
  }
  void set_shorts(const std::string &stream, unsigned count) { shorts_.put(stream, count); }
  // See EndedPart.
  unsigned shorts(const std::string &stream) const {
    const unsigned *shorts = shorts_.find(stream);
    return shorts ? *shorts : 0;
  }

 private:
  static constexpr size_t kMost = 1000;

  Recent<int64_t> ended_ms_{kMost};
  Recent<bool> recorded_{kMost};
  Recent<unsigned> shorts_{kMost};
};

}  // namespace rtms::recorder

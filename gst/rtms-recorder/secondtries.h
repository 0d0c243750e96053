// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams that could not be recorded for want of room: they are tried again while the service keeps
// them. Pure: the time is an argument.
#pragma once

#include "disk/parts.h"
#include "webhook/listener.h"

#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace rtms::recorder {

class SecondTries {
 public:
  struct One {
    WebhookNotice notice;
    Part part;
  };

  // A stream that is here already keeps its time.
  void add(const One &one, unsigned now_s) {
    streams_.try_emplace(one.notice.hook.stream_id, Waiting{one, now_s + kKept_s});
  }
  void remove(const std::string &stream) { streams_.erase(stream); }
  // Is called each second. Returns those to try now.
  std::vector<One> due(unsigned now_s) {
    std::vector<One> all;
    for (auto it = streams_.begin(); it != streams_.end();) {
      const bool over = now_s > it->second.until_s;
      if (!over && now_s % kAgain_s == 0)
        all.push_back(it->second.one);
      it = over ? streams_.erase(it) : std::next(it);
    }
    return all;
  }

 private:
  // As long as the service waits for a client.
  static constexpr unsigned kKept_s = 65, kAgain_s = 5;

  struct Waiting {
    One one;
    unsigned until_s;
  };
  std::map<std::string, Waiting> streams_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams that could not be recorded for want of room: they are tried again while the service keeps
// them. Pure: the time is an argument.
#pragma once

#include "disk/parts.h"
#include "webhook/listener.h"

#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rtms::recorder {

class SecondTries {
 public:
  struct One {
    WebhookNotice notice;
    Part part;
  };

  // Returns false for a stream that is here already: it keeps its time.
  bool add(const One &one, unsigned now_s) {
    return streams_.try_emplace(one.notice.hook.stream_id, Waiting{one, now_s + kKept_s}).second;
  }
  void remove(const std::string &stream) { streams_.erase(stream); }
  // Returns the announcement of a stream, or null.
  const Webhook *find(const std::string &stream) const {
    const auto found = streams_.find(stream);
    return found == streams_.end() ? nullptr : &found->second.one.notice.hook;
  }
  // Whether the service may still keep the stream.
  bool waits(const std::string &stream, unsigned now_s) const {
    const auto found = streams_.find(stream);
    return found != streams_.end() && now_s <= found->second.until_s;
  }
  // Removes a stream that is announced anew. Returns its part.
  Part take(const std::string &stream, unsigned now_s) {
    const auto found = streams_.extract(stream);
    return found && now_s <= found.mapped().until_s ? found.mapped().one.part : Part();
  }
  // Returns the streams that the service still keeps.
  std::vector<One> waiting(unsigned now_s) const {
    std::vector<One> all;
    for (const auto &[stream, one] : streams_)
      if (now_s <= one.until_s)
        all.push_back(one.one);
    return all;
  }
  // Is called each second. Returns those that the service does not keep any more since then.
  std::vector<std::string> over(unsigned now_s) const {
    std::vector<std::string> all;
    for (const auto &[stream, one] : streams_)
      if (now_s == one.until_s + 1)
        all.push_back(stream);
    return all;
  }
  // Is called each second. Returns those to try now.
  std::vector<One> due(unsigned now_s) {
    // A slow try may be refused after the time: it gets no other one.
    for (auto it = streams_.begin(); it != streams_.end();)
      it = now_s > it->second.until_s + kSlow_s ? streams_.erase(it) : std::next(it);
    return now_s % kAgain_s == 0 ? waiting(now_s) : std::vector<One>();
  }

 private:
  // As long as the service waits for a client.
  static constexpr unsigned kKept_s = 65, kAgain_s = 5, kSlow_s = 3600;

  struct Waiting {
    One one;
    unsigned until_s;
  };
  std::map<std::string, Waiting> streams_;
};

}  // namespace rtms::recorder

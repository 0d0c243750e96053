// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of each stream that this recorder knows. Pure: the time, in s, is an argument.
#pragma once

#include "disk/keeping.h"
#include "disk/parts.h"
#include "webhook/listener.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rtms::recorder {

struct Stream {
  enum class State {
    Waiting,   // could not be recorded; is tried again while the service keeps it
    Opening,   // its folder is being created
    Recording  // until its files are finished
  };
  State state = State::Opening;
  WebhookNotice notice;                // the newest announcement
  Part part;                           // to begin, or being recorded
  std::optional<FoundMeeting> before;  // Opening: its last part, by an earlier recorder
  std::optional<WebhookNotice> again;  // Recording: announced while the files are being finished
  uint64_t ticket = 0;                 // Opening: tells a second one from the first
  unsigned until_s = 0;                // Waiting, and the tries after that; 0: none
  bool needs_room = false;             // until it is Recording: --min-free in place of --end-free

  // Recording: the service announces the stream while the files are being finished.
  void announced_again(const WebhookNotice &more) {
    const bool repeated = more.repeated && (!again || again->repeated);
    if (again)
      again->renew(more);
    else
      again = more;
    again->repeated = repeated;
  }
};

class KnownStreams {
 public:
  // The service keeps a stream without a client for this time.
  static constexpr int64_t kWindow_s = 65;

  // The stream must not be Opening or Recording. One that waits keeps its time. Returns a ticket
  // for opening().
  uint64_t open(const WebhookNotice &notice, const Part &part, std::optional<FoundMeeting> before);
  // Returns the stream if it is still in the same Opening, or null.
  Stream *opening(const std::string &id, uint64_t ticket);
  void recording(const std::string &id);
  // The stream could not be recorded. First: since its announcement. TooLate: the service does not
  // keep it any more, and it is removed. `age_s`: the time since it had a client.
  enum class Waits { First, Again, TooLate };
  Waits wait(const WebhookNotice &notice, const Part &part, bool needs_room, unsigned now_s,
             int64_t age_s = 0);
  // A stream that waits is announced anew, perhaps with another server.
  Stream renew(const WebhookNotice &notice, unsigned now_s);
  std::optional<Stream> remove(const std::string &id);

  // Is called each second. Returns the streams to try now; the next parts of recordings first.
  std::vector<Stream> due(unsigned now_s) const;
  // Is called each second. Removes those that the service does not keep any more.
  std::vector<std::string> over(unsigned now_s);
  // Removes all that are in that state.
  std::vector<Stream> take(Stream::State state);

  Stream *find(const std::string &id);
  bool is(Stream::State state, const std::string &id) const;
  // Whether the end is that of an earlier stream with the same id.
  bool is_earlier_end(const Webhook &stopped) const;
  // Opening and Recording.
  std::vector<std::string> active() const;

 private:
  static constexpr unsigned kAgain_s = 5;

  std::map<std::string, Stream> streams_;
  uint64_t tickets_ = 0;
};

}  // namespace rtms::recorder

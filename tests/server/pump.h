// SPDX-License-Identifier: LGPL-2.1-or-later
// Moves media from the source to one media connection, no faster than its socket takes it.
#pragma once

#include "connection.h"

namespace rtmstest {

class Stream;

// One item ahead per medium, so that the earliest can be chosen. Outlives connections.
class Feeds {
 public:
  struct Feed {
    bool loaded = false, ended = false;
    MediaItem item;
    int64_t due_ms = 0;
  };
  explicit Feeds(std::shared_ptr<MediaSource> source) : source_(std::move(source)) {}

  MediaSource *source() const { return source_.get(); }
  // Whether peek() would not wait for an encoder.
  bool is_ready(Media m);
  const Feed *peek(Media m);  // null: ended
  MediaItem take(Media m);
  void skip_to(Media m, int64_t due_ms);
  // Those that come again after a reconnect.
  void remember_line(const std::string &text, std::size_t limit);
  const std::deque<std::string> &last_lines() const { return last_lines_; }
  // The next event if it is due by then.
  bool next_event(int64_t due_ms, EventItem &event);

 private:
  std::shared_ptr<MediaSource> source_;
  std::array<Feed, kMediaCount> feeds_;
  bool event_loaded_ = false, events_ended_ = false;
  EventItem event_;
  int64_t event_due_ms_ = 0;
  std::deque<std::string> last_lines_;
};

class Pump {
 public:
  Pump(Stream &stream, Connection &connection, std::vector<Media> media,
       bool only_subscribed_video);
  void start();
  void wake() { schedule(0); }
  // Before it starts: its audio is older than `now_ms`, and sent faster than it was captured.
  void replay(int64_t now_ms);
  bool finished() const { return finished_; }
  const std::vector<Media> &media() const { return media_; }

 private:
  bool run();
  bool blocked(Media m) const;
  int64_t send_time_ms(Media m, int64_t due_ms) const;
  // Without a clock nothing is late: the pump waits for it.
  bool is_coming(Media m) const;
  bool earliest(Media &m, int64_t &due_ms, bool &waiting);
  void schedule(int64_t wait_ms);
  std::size_t send(Media m);

  Stream &stream_;
  Connection &connection_;
  std::vector<Media> media_;
  bool only_subscribed_video_;
  bool finished_ = false;
  int64_t replay_from_ms_ = 0, replay_at_ms_ = 0;
  double replay_speed_ = 0;  // 0: nothing is held back
  Event event_;
};

// The text of a media message.
std::string media_message_text(const Config &config, const MediaItem &item);

}  // namespace rtmstest

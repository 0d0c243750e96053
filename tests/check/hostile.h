// SPDX-License-Identifier: LGPL-2.1-or-later
// What the suites about hostile servers share: messages that make no sense, a server that sends
// them, and how to see that the stream lives on.
#pragma once

#include "live.h"
#include "rawserver.h"

namespace rtmscheck {

// The message with one field after the other replaced by each of many values, and left out. Those
// of one field follow each other.
std::vector<std::string> spoiled(const std::string &message);
// How many there are for each field.
std::size_t spoiled_per_field();
std::size_t unreadable_per_field();  // of them, the first

uint64_t stat(GstElement *src, const char *field);

// A packet that a test knows again, and whether it has come.
std::string last_audio();
bool has_last(const Record &record);

// The server sends these on its signaling connection, then those on the media one, then the last
// audio. Each connection has to answer a keep-alive after them.
struct Scene {
  std::vector<std::string> signaling, media;

  RawServer::Talk signaling_talk() const;
  RawServer::Talk media_talk() const;
};

// To PLAYING, and until the last audio has come, on the first connections and without an error.
void expect_streaming(Player &player, RawServer &server);
void expect_no_error(Player &player);  // while it plays
void wait_last(Player &player);

// The handshake, then the last audio.
void be_nice(RawPeer &peer);
// Does the one on the first connection, and is nice on those that follow.
RawServer::Talk at_first(RawServer::Talk talk);

// What the process may grow by while a server floods it: it fails when that is more.
class MemoryBound {
 public:
  explicit MemoryBound(uint64_t mebibytes);
  void expect_kept() const;

 private:
  uint64_t bound_;
};

// From here on, the process spends less than a third of its time working.
class IdleBound {
 public:
  void expect_kept() const;

 private:
  int64_t start_us_ = g_get_monotonic_time(), start_cpu_us_ = cpu_us();
};

// Messages that come to the bus are forgotten: a test that keeps them all would grow.
void forget_messages(Player &player);

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder that is killed in the middle of a meeting and started again: how much of what the
// service has sent is in its parts and their tails.
#pragma once

#include "clusterrun.h"
#include "kept.h"

namespace rtmscheck {

constexpr int64_t kLong_ms = 600000;
// At the kill, two messages may be on their way, and two just read, where the loop thread waits for
// the processor.
constexpr std::size_t kOnTheWay = 4;

// Kills a recorder that is at work. Returns how many messages of `server` it has not read from its
// sockets, at most: the kernel drops them.
std::size_t kill_at_work(RecorderRun *run, const Server &server);

// Two parts in one file.
struct Killed {
  // `packets` of the media are sent before.
  explicit Killed(Config config, const std::vector<std::string> &options, unsigned packets = 173,
                  Media media = Media::Audio);

  std::unique_ptr<Server> server;
  RecorderRun first;
  std::vector<std::string> parts;
  TemporaryDirectory joined;
  std::string file;
  std::size_t unread = 0;  // see kill_at_work()
};

// A recorder, its output and its journals in these folders.
RecorderRun::Setup killed_setup(std::vector<std::string> options, const std::string &output,
                                const std::string &runtime);
// Records a meeting, of which it receives some packets of audio, and is killed. So is the service.
void record_and_kill(RecorderRun *run, Config config);

// Of numbered media: each packet, and each frame once, with all those that a decoder needs. What is
// on its way between the two processes at the kill may be missing.
void expect_all_packets(const Killed &killed);
void expect_all_frames(const Killed &killed);
void expect_frame_numbers(const Killed &killed);  // those of a decoder do not count
// Of a made meeting.
void expect_all_beeps(const Killed &killed);

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "killed.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rtmscheck {
namespace {

// rtmssrc passes video in batches of 100 ms.
constexpr std::size_t kBatch = 3;

// All its threads.
bool is_stopped(int pid) {
  for (const auto &thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "stat");
    const std::string stat((std::istreambuf_iterator<char>(file)), {});
    if (!contains(stat, ") T "))
      return false;
  }
  return true;
}

// What the kernel holds for the clients of a port of this machine, in bytes.
std::size_t unread_bytes(uint16_t port) {
  std::size_t bytes = 0;
  std::ifstream connections("/proc/net/tcp");
  std::string line;
  for (std::getline(connections, line); std::getline(connections, line);) {
    // 0: 0100007F:A3F2 0100007F:1F90 01 00000000:000003D2
    unsigned peer_port = 0, unread = 0;
    if (std::sscanf(line.c_str(), "%*u: %*x:%*x %*x:%x %*x %*x:%x", &peer_port, &unread) == 2 &&
        peer_port == port)
      bytes += unread;
  }
  return bytes;
}

}  // namespace

std::size_t kill_at_work(RecorderRun *run, const Server &server) {
  constexpr std::size_t kLeastMessage = 900;  // 20 ms of audio
  Program &program = run->program();
  program.send(SIGSTOP);
  ck_assert(program.wait_until([&] { return is_stopped(program.pid()); }));
  const std::size_t unread = unread_bytes(server.port()) / kLeastMessage;
  program.send(SIGKILL);
  ck_assert(program.wait(kDeadlineMs));
  return unread;
}

RecorderRun::Setup killed_setup(std::vector<std::string> options, const std::string &output,
                                const std::string &runtime) {
  return {std::move(options), output, {{"RUNTIME_DIRECTORY", runtime}}, true};
}

void record_and_kill(RecorderRun *run, Config config) {
  constexpr unsigned kPackets = 150;
  const auto server = serve(std::move(config));
  run->announce(*server);
  run->wait_messages(*server, "audio", kPackets);
  run->program().send(SIGKILL);
  ck_assert(run->program().wait(kDeadlineMs));
}

Killed::Killed(Config config, const std::vector<std::string> &options, unsigned packets,
               Media media)
    : server(serve(std::move(config))), first(options) {
  first.announce(*server);
  ck_assert(
      first.program().wait_until([&] { return server->sent(media) >= packets; }, 3 * kDeadlineMs));
  unread = kill_at_work(&first, *server);
  RecorderRun second(RecorderRun::Setup{options, first.output(), {}, true});
  second.wait_events("tail", 1);
  second.wait_events("recording", 1, 2 * kDeadlineMs);
  constexpr unsigned kPackets = 173;
  second.wait_messages(*server, "audio", kPackets);
  server->end_stream(6);
  second.wait_events("finished", 1);
  second.program().send(SIGTERM);
  second.expect_end();
  parts = second.folders();
  ck_assert_uint_eq(parts.size(), 2);
  expect_text(report_of(parts[0], "state"), "interrupted");
  file = join(parts, joined.path());
  expect_playable(file, "0:a");
}

void expect_all_packets(const Killed &killed) {
  const std::string decoded = killed.joined.file("decoded.mkv");
  run({"ffmpeg", "-v", "error", "-i", killed.file.c_str(), "-c:a", "pcm_s16le", decoded.c_str()});
  const Contents contents = contents_of(decoded, 0, false);
  ck_assert_msg(contents.error.empty(), "%s", contents.error.c_str());
  const std::size_t sent = killed.server->sent(Media::Audio), found = contents.packets.size();
  g_print("%zu of %zu packets, %zu unread\n", found, sent, killed.unread);
  ck_assert(!in_real_time() || found + killed.unread + kOnTheWay >= sent);
}

void expect_all_beeps(const Killed &killed) {
  const auto beeps = beeps_of(killed.file);
  const std::size_t packets = killed.server->sent(Media::Audio);
  const double sent =
      static_cast<double>(packets - std::min(packets, killed.unread)) * kPacketMs / 1000;
  g_print("%zu beeps in %.1f s, %zu packets unread\n", beeps.size(), sent, killed.unread);
  double missing = 0;
  for (std::size_t i = 1; i < beeps.size(); i++) {
    const double apart = beeps[i] - beeps[i - 1], seconds = std::round(apart);
    ck_assert_msg(seconds >= 1 && std::abs(apart - seconds) < 0.03, "beeps at %.3f and %.3f s",
                  beeps[i - 1], beeps[i]);
    missing += seconds - 1;
  }
  ck_assert(missing <= std::ceil(static_cast<double>(killed.unread) * kPacketMs / 1000));
  ck_assert_uint_ge(beeps.size() + 2, static_cast<std::size_t>(sent));
}

void expect_all_frames(const Killed &killed) {
  expect_playable(killed.file, "0:v");
  expect_frame_numbers(killed);
}

void expect_frame_numbers(const Killed &killed) {
  const std::string video = killed.joined.file("video.mkv");
  run({"ffmpeg", "-v", "error", "-i", killed.file.c_str(), "-map", "0:v", "-c", "copy",
       video.c_str()});
  const std::vector<int64_t> frames = numbers_of(video);
  const std::size_t sent = killed.server->sent(Media::Video);
  g_print("%zu of %zu frames, %zu messages unread\n", frames.size(), sent, killed.unread);
  for (std::size_t i = 1; i < frames.size(); i++)
    ck_assert_msg(frames[i] > frames[i - 1], "frame %d behind %d", static_cast<int>(frames[i]),
                  static_cast<int>(frames[i - 1]));
  ck_assert(!in_real_time() || frames.size() + killed.unread + kOnTheWay + kBatch >= sent);
}

}  // namespace rtmscheck

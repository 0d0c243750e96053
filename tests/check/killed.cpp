// SPDX-License-Identifier: LGPL-2.1-or-later
#include "killed.h"

#include <csignal>

namespace rtmscheck {
namespace {

// What may be on its way at the kill: two packets.
constexpr std::size_t kOnTheWay = 2;
// rtmssrc passes video in batches of 100 ms.
constexpr std::size_t kBatch = 3;

}  // namespace

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
  first.program().send(SIGKILL);
  ck_assert(first.program().wait(kDeadlineMs));
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
  g_print("%zu of %zu packets\n", found, sent);
  ck_assert(!in_real_time() || found + kOnTheWay >= sent);
}

void expect_all_beeps(const Killed &killed) {
  const auto beeps = beeps_of(killed.file);
  const double sent = static_cast<double>(killed.server->sent(Media::Audio)) * kPacketMs / 1000;
  g_print("%zu beeps in %.1f s\n", beeps.size(), sent);
  for (std::size_t i = 1; i < beeps.size(); i++)
    ck_assert_msg(std::abs(beeps[i] - beeps[i - 1] - 1) < 0.03, "beeps at %.3f and %.3f s",
                  beeps[i - 1], beeps[i]);
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
  g_print("%zu of %zu frames\n", frames.size(), sent);
  for (std::size_t i = 1; i < frames.size(); i++)
    ck_assert_msg(frames[i] > frames[i - 1], "frame %d behind %d", static_cast<int>(frames[i]),
                  static_cast<int>(frames[i - 1]));
  ck_assert(!in_real_time() || frames.size() + kOnTheWay + kBatch >= sent);
}

}  // namespace rtmscheck

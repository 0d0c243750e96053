// SPDX-License-Identifier: LGPL-2.1-or-later
// kill -9 of rtms-recorder: all audio that the service has sent is in the parts and their tails.
#include <csignal>
#include <filesystem>
#include <fstream>

#include "killed.h"
#include "tinydisk.h"

namespace {

using namespace rtmscheck;

}  // namespace

GST_START_TEST(test_mixed) {
  expect_all_packets(Killed(numbered(kLong_ms), {"--no-video"}));
}
GST_END_TEST;

GST_START_TEST(test_flac) {
  expect_all_packets(Killed(numbered(kLong_ms), {"--no-video", "--audio-codec=flac"}));
}
GST_END_TEST;

GST_START_TEST(test_opus) {
  expect_all_beeps(Killed(replayed(), {"--no-video", "--audio-codec=opus"}));
}
GST_END_TEST;

GST_START_TEST(test_mp4) {
  expect_all_beeps(Killed(replayed(), {"--video-resolution=sd", "--format=mp4"}));
}
GST_END_TEST;

// The file of the first part does not have its time yet.
GST_START_TEST(test_early) {
  expect_all_packets(Killed(numbered(kLong_ms), {"--no-video"}, 5));
}
GST_END_TEST;

// All tracks wait for a lost connection: the audio of that time is in no file yet.
GST_START_TEST(test_waiting) {
  Config config = numbered(kLong_ms);
  config.outages.push_back({Media::Video, 2000, 17000});
  expect_all_packets(Killed(std::move(config), {"--video-resolution=sd"}, 800));
}
GST_END_TEST;

// The connection of the audio is lost at the kill, and comes back long after that of the video: the
// second part begins with the audio of the outage.
GST_START_TEST(test_outage) {
  constexpr int kFps = 25, kLost_ms = 2000, kBack_ms = 16000;
  Config config = numbered(kLong_ms);
  config.outages.push_back({Media::Audio, kLost_ms, kBack_ms});
  const Killed killed(std::move(config), {"--video-resolution=sd"}, kFps * 4, Media::Video);
  expect_all_packets(killed);
  expect_all_frames(killed);
}
GST_END_TEST;

// Track 0 has all of them.
GST_START_TEST(test_speakers) {
  const Killed killed(numbered(kLong_ms, true), {"--no-video", "--speakers=2"});
  ck_assert_uint_eq(tracks_of(killed.file).count("audio 2"), 1);
  expect_all_packets(killed);
}
GST_END_TEST;

// What could not be written follows as soon as there is room.
GST_START_TEST(test_disk_full) {
  TemporaryDirectory directory;
  TinyDisk disk(directory.path(), "20m");
  ck_assert(disk.mounted());
  auto server = serve(numbered(kLong_ms));
  RecorderRun run(RecorderRun::Setup{{"--no-video"}, directory.path(), {}, true});
  run.announce(*server);
  run.wait_messages(*server, "audio", 100);
  const std::string filler = directory.file("filler");
  TinyDisk::fill(filler);
  run.wait_events("failed", 1, 2 * kDeadlineMs);
  const std::size_t sent = server->sent(Media::Audio);
  ck_assert_uint_eq(run.events("tail").size(), 0);
  std::filesystem::remove(filler);
  run.wait_events("tail", 1);
  run.program().send(SIGTERM);
  run.expect_end();
  TemporaryDirectory joined;
  const Contents contents = contents_of(join(run.folders(), joined.path()), 0, false);
  ck_assert_msg(contents.error.empty(), "%s", contents.error.c_str());
  g_print("%zu packets, %zu sent\n", contents.packets.size(), sent);
  // Between its failure and the report, connections are closed.
  constexpr std::size_t kClosing = 10;
  ck_assert(!in_real_time() || contents.packets.size() + kClosing >= sent);
}
GST_END_TEST;

// The journal stays until the tail is complete.
GST_START_TEST(test_again) {
  namespace fs = std::filesystem;
  RecorderRun first({"--no-video"});
  record_and_kill(&first, numbered(kLong_ms));
  const std::string report = first.only_folder() + "/meeting.json";
  fs::rename(report, report + ".gone");
  const auto start = [&](const char *expected) {
    RecorderRun run(RecorderRun::Setup{{"--no-video"}, first.output(), {}, true});
    run.wait_events("tail", 1);
    ck_assert_msg(contains(run.events("tail")[0], expected), "%s", run.events("tail")[0].c_str());
    run.program().send(SIGTERM);
    run.expect_end();
  };
  start("meeting.json cannot be changed");
  fs::rename(report + ".gone", report);
  start("duration_ms");
  ck_assert(fs::exists(first.folders()[0] + "/tail.mkv"));
}
GST_END_TEST;

// The recorder is killed again: at the second time, half of the tail's file is written; at the
// third, all of it, and the journal is still there.
GST_START_TEST(test_killed_again) {
  namespace fs = std::filesystem;
  TemporaryDirectory output, runtime, copy;
  const auto start = [&] { return killed_setup({"--no-video"}, output.path(), runtime.path()); };
  RecorderRun first(start());
  record_and_kill(&first, numbered(kLong_ms));
  constexpr auto kAll = fs::copy_options::recursive | fs::copy_options::overwrite_existing;
  fs::copy(runtime.path(), copy.path(), kAll);
  const std::string folder = first.only_folder(), tail = folder + "/tail.mkv";
  std::ofstream(tail + ".new") << "half";
  const auto packets = [&] {
    RecorderRun run(start());
    run.wait_events("tail", 1);
    run.program().send(SIGTERM);
    run.expect_end();
    ck_assert(!fs::exists(tail + ".new"));
    return tracks_of(tail).at("audio").packets;
  };
  const int written = packets();
  fs::copy(copy.path(), runtime.path(), kAll);
  ck_assert_int_gt(written, 0);
  ck_assert_int_eq(packets(), written);
  const std::string report = first.text_of(folder + "/meeting.json");
  ck_assert_msg(contains(report, "tail.mkv"), "%s", report.c_str());
  ck_assert_msg(report.find("tail.mkv") == report.rfind("tail.mkv"), "%s", report.c_str());
}
GST_END_TEST;

static Suite *recorder_tail_suite() {
  Suite *suite = suite_create("recorder_tail");
  add_case(suite, "mixed", test_mixed);
  add_case(suite, "early", test_early);
  add_case(suite, "waiting", test_waiting);
  add_case(suite, "outage", test_outage);
  add_case(suite, "flac", test_flac);
  add_case(suite, "opus", test_opus);
  add_case(suite, "mp4", test_mp4);
  add_case(suite, "speakers", test_speakers);
  add_case(suite, "disk-full", test_disk_full);
  add_case(suite, "again", test_again);
  add_case(suite, "killed-again", test_killed_again);
  return suite;
}

GST_CHECK_MAIN(recorder_tail)

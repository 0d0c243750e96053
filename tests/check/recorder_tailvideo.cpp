// SPDX-License-Identifier: LGPL-2.1-or-later
// kill -9 of rtms-recorder: all video that the service has sent is in the parts and their tails.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "disk/framejournal.h"
#include "killed.h"

namespace {

using namespace rtmscheck;
using rtms::recorder::FrameJournal;
using rtms::recorder::JournalFrame;
namespace fs = std::filesystem;

constexpr char kJpeg[] = R"({"video":{"codec":5,"fps":5},"deskshare":{"codec":5,"fps":5}})";

Config meeting(const MeetingOptions &options, const char *granted = "") {
  Config config = meeting_of(0, options);
  config.replay.audio = true;
  config.negotiate = granted;
  return config;
}

// The tail is where the file of its part is: its time and its length.
void expect_short_tail(const Killed &killed, bool mp4) {
  constexpr int64_t kMinute_ms = 60000;
  const int64_t behind_ms = report_number(killed.parts[0], "tail_start_ms") -
                            report_number(killed.parts[0], "capture_start_ms");
  ck_assert_msg(behind_ms >= 0 && behind_ms < kMinute_ms, "%d ms", static_cast<int>(behind_ms));
  const std::string tail = killed.parts[0] + (mp4 ? "/tail.mp4" : "/tail.mkv");
  for (const auto &[name, track] : tracks_of(tail))
    ck_assert_msg(track.end < kMinute_ms / 1000, "%s ends at %f s", name.c_str(), track.end);
}

// Each track has as many frames as the service has sent, and all are decoded.
void expect_tracks(const Killed &killed, const std::map<std::string, Media> &all) {
  expect_playable(killed.file);
  const auto tracks = tracks_of(killed.file);
  constexpr unsigned kMissing = 5;
  for (const auto &[name, media] : all) {
    const auto found = static_cast<unsigned>(tracks.at(name).packets);
    const auto sent = static_cast<unsigned>(killed.server->sent(media));
    g_print("%s: %u frames, %u sent\n", name.c_str(), found, sent);
    ck_assert(!in_real_time() || found + kMissing >= sent);
  }
}

RecorderRun::Setup setup(std::vector<std::string> options, const std::string &output,
                         const std::string &runtime) {
  options.push_back("--video-resolution=sd");
  return {options, output, {{"RUNTIME_DIRECTORY", runtime}}, true};
}

std::string journal_of(const std::string &runtime, const char *extension) {
  for (const auto &entry : fs::directory_iterator(runtime + "/journals"))
    if (entry.path().extension() == extension)
      return entry.path();
  ck_abort_msg("no journal %s", extension);
}

void replace(const std::string &path, const std::vector<JournalFrame> &frames) {
  const auto journal = FrameJournal::create(path);
  for (const JournalFrame &frame : frames)
    ck_assert(journal->add(frame));
  journal->keep();
}

}  // namespace

GST_START_TEST(test_mkv) {
  const Killed killed(numbered(kLong_ms), {"--video-resolution=sd"});
  expect_all_packets(killed);
  expect_all_frames(killed);
  expect_short_tail(killed, false);
}
GST_END_TEST;

GST_START_TEST(test_mp4) {
  const Killed killed(numbered(kLong_ms), {"--video-resolution=sd", "--format=mp4"});
  expect_all_frames(killed);
  expect_short_tail(killed, true);
}
GST_END_TEST;

// Keyframes are much rarer than the fragments of MP4.
GST_START_TEST(test_mp4_group) {
  Numbered::Options options;
  options.end_ms = kLong_ms;
  options.chat = true;
  options.group = 250;
  Config config = numbered(kLong_ms);
  config.source = std::make_shared<Numbered>(options);
  const Killed killed(std::move(config), {"--video-resolution=sd", "--format=mp4"}, 970);
  expect_frame_numbers(killed);
}
GST_END_TEST;

// The journal has black frames only.
GST_START_TEST(test_off) {
  MeetingOptions options;
  options.off[Media::Video] = {{2000, kLong_ms}};
  for (const char *format : {"--format=mkv", "--format=mp4"}) {
    const Killed killed(meeting(options), {"--video-resolution=sd", format}, 523);
    expect_all_beeps(killed);
    expect_playable(killed.file);
    expect_short_tail(killed, g_str_has_suffix(format, "mp4"));
  }
}
GST_END_TEST;

GST_START_TEST(test_screen) {
  const Killed killed(meeting({}), {"--video-resolution=sd", "--screen"});
  expect_tracks(killed, {{"video", Media::Video}, {"video 1", Media::Deskshare}});
}
GST_END_TEST;

// In MP4 the tail is encoded anew.
GST_START_TEST(test_jpeg) {
  for (const char *format : {"--format=mkv", "--format=mp4"})
    expect_tracks(Killed(meeting({}, kJpeg), {"--video-resolution=sd", format}),
                  {{"video", Media::Video}});
}
GST_END_TEST;

// A camera that is never on, of which there is no frame at all, and a share.
GST_START_TEST(test_jpeg_screen) {
  MeetingOptions options;
  options.off[Media::Video] = {{0, kLong_ms}};
  const Killed killed(meeting(options, kJpeg), {"--video-resolution=sd", "--screen"});
  expect_tracks(killed, {{"video 1", Media::Deskshare}});
  ck_assert_int_lt(tracks_of(killed.file).at("video").packets, 5);
}
GST_END_TEST;

// In the short time of the journal, the camera that is off has repeated black frames only.
GST_START_TEST(test_black) {
  TemporaryDirectory output, runtime;
  const auto start = [&] { return setup({"--screen"}, output.path(), runtime.path()); };
  auto server = serve(meeting({}));
  RecorderRun first(start());
  first.announce(*server);
  first.wait_messages(*server, "audio", 200);
  first.program().send(SIGKILL);
  ck_assert(first.program().wait(kDeadlineMs));
  server.reset();
  const std::string path = journal_of(runtime.path(), ".video");
  auto found = FrameJournal::read(path);
  ck_assert_uint_gt(found.frames.size(), 3);
  const auto first_delta = std::find_if(found.frames.begin(), found.frames.end(),
                                        [](const JournalFrame &frame) { return frame.delta; });
  ck_assert(first_delta != found.frames.end());
  std::vector<JournalFrame> black;
  for (auto frame = first_delta; frame != found.frames.end() && frame->delta; ++frame) {
    frame->gap = true;
    black.push_back(*frame);
  }
  replace(path, black);
  RecorderRun second(start());
  second.wait_events("tail", 1);
  second.program().send(SIGTERM);
  second.expect_end();
  // Alone it is not decodable.
  const std::string tail = first.folders()[0] + "/tail.mkv";
  const Output output_of = run({"ffprobe", "-v", "quiet", "-select_streams", "v", "-show_entries",
                                "stream=codec_name", "-of", "csv=p=0", tail.c_str()});
  ck_assert_str_eq(output_of.out.c_str(), "h264\nh264\n");
}
GST_END_TEST;

// The audio is there, whatever became of the video.
GST_START_TEST(test_damaged) {
  TemporaryDirectory output, runtime;
  const auto start = [&] { return setup({}, output.path(), runtime.path()); };
  auto server = serve(numbered(kLong_ms));
  RecorderRun first(start());
  first.announce(*server);
  first.wait_messages(*server, "audio", 100);
  first.program().send(SIGKILL);
  ck_assert(first.program().wait(kDeadlineMs));
  server.reset();
  const std::string folder = first.only_folder();
  JournalFrame frame;
  frame.caps = "video/x-h264,stream-format=byte-stream,alignment=au";
  frame.data = "this is no frame";
  replace(journal_of(runtime.path(), ".video"), {frame});
  RecorderRun second(start());
  second.wait_events("tail", 1);
  ck_assert_msg(contains(second.events("tail")[0], "its video cannot be written"), "%s",
                second.events("tail")[0].c_str());
  second.program().send(SIGTERM);
  second.expect_end();
  const auto tracks = tracks_of(folder + "/tail.mkv");
  ck_assert_int_gt(tracks.at("audio").packets, 0);
  ck_assert_uint_eq(tracks.count("video"), 0);
  ck_assert(fs::is_empty(runtime.path() + "/journals"));
}
GST_END_TEST;

static Suite *recorder_tailvideo_suite() {
  Suite *suite = suite_create("recorder_tailvideo");
  add_case(suite, "mkv", test_mkv);
  add_case(suite, "mp4", test_mp4);
  add_case(suite, "mp4-group", test_mp4_group);
  add_case(suite, "off", test_off);
  add_case(suite, "screen", test_screen);
  add_case(suite, "jpeg", test_jpeg);
  add_case(suite, "jpeg-screen", test_jpeg_screen);
  add_case(suite, "black", test_black);
  add_case(suite, "damaged", test_damaged);
  return suite;
}

GST_CHECK_MAIN(recorder_tailvideo)

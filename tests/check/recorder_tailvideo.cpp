// SPDX-License-Identifier: LGPL-2.1-or-later
// kill -9 of rtms-recorder: all video that the service has sent is in the parts and their tails.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "disk/journal.h"
#include "killed.h"
#include "tinydisk.h"

namespace {

using namespace rtmscheck;
using rtms::recorder::FrameJournal;
using rtms::recorder::Journal;
using rtms::recorder::JournalFrame;
namespace fs = std::filesystem;

constexpr char kCaps[] = "video/x-h264,stream-format=byte-stream,alignment=au";
constexpr char kJpeg[] = R"({"video":{"codec":5,"fps":5},"deskshare":{"codec":5,"fps":5}})";

Config meeting(const MeetingOptions &options, const char *granted = "") {
  Config config = meeting_of(0, options);
  config.replay.audio = true;
  config.negotiate = granted;
  return config;
}

// The connection of the audio is lost at the kill: the frames of two seconds, which wait for it,
// are in no file yet.
Killed killed_while_waiting(Config config, std::vector<std::string> options, Media media, int fps) {
  constexpr int kLost_ms = 2000, kBack_ms = 8000, kKilled_s = 4;
  config.outages.push_back({Media::Audio, kLost_ms, kBack_ms});
  options.push_back("--video-resolution=sd");
  return Killed(std::move(config), options, static_cast<unsigned>(kKilled_s * fps), media);
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

// Each track has as many frames as the service has sent, and all are decoded. A track of JPEG has a
// black frame in front of those of each part.
void expect_tracks(const Killed &killed, const std::map<std::string, Media> &all, bool is_jpeg) {
  expect_playable(killed.file);
  const auto tracks = tracks_of(killed.file);
  const unsigned black = is_jpeg ? 2 : 0;
  constexpr unsigned kMissing = 5;
  for (const auto &[name, media] : all) {
    const unsigned found = static_cast<unsigned>(tracks.at(name).packets) - black;
    const auto sent = static_cast<unsigned>(killed.server->sent(media));
    g_print("%s: %u frames, %u sent, %zu unread\n", name.c_str(), found, sent, killed.unread);
    ck_assert(!in_real_time() || found + kMissing + killed.unread >= sent);
  }
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
  const Killed killed = killed_while_waiting(meeting({}), {"--screen"}, Media::Video, 25);
  expect_tracks(killed, {{"video", Media::Video}, {"video 1", Media::Deskshare}}, false);
}
GST_END_TEST;

// In MP4 the tail is encoded anew.
GST_START_TEST(test_jpeg) {
  for (const char *format : {"--format=mkv", "--format=mp4"})
    expect_tracks(killed_while_waiting(meeting({}, kJpeg), {format}, Media::Video, 5),
                  {{"video", Media::Video}}, true);
}
GST_END_TEST;

// A camera that is never on, of which there is no frame at all, and a share.
GST_START_TEST(test_jpeg_screen) {
  MeetingOptions options;
  options.off[Media::Video] = {{0, kLong_ms}};
  const Killed killed =
      killed_while_waiting(meeting(options, kJpeg), {"--screen"}, Media::Deskshare, 5);
  expect_tracks(killed, {{"video 1", Media::Deskshare}}, true);
  ck_assert_int_lt(tracks_of(killed.file).at("video").packets, 5);
}
GST_END_TEST;

// In the short time of the journal, the camera that is off has repeated black frames only.
GST_START_TEST(test_black) {
  TemporaryDirectory output, runtime;
  const auto start = [&] {
    return killed_setup({"--video-resolution=sd", "--screen"}, output.path(), runtime.path());
  };
  RecorderRun first(start());
  record_and_kill(&first, meeting({}));
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
  const auto start = [&] {
    return killed_setup({"--video-resolution=sd"}, output.path(), runtime.path());
  };
  RecorderRun first(start());
  record_and_kill(&first, numbered(kLong_ms));
  const std::string folder = first.only_folder();
  JournalFrame frame;
  frame.caps = kCaps;
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

// A tail that cannot be written is not tried each second, while another one waits for room.
GST_START_TEST(test_room) {
  TemporaryDirectory output, runtime;
  TinyDisk disk(output.path(), "40m");
  ck_assert(disk.mounted());
  const std::string place = runtime.path() + "/journals", one = output.file("one"),
                    other = output.file("other"), filler = output.file("filler");
  fs::create_directory(one);
  fs::create_directory(other);
  std::ofstream(other + "/meeting.json") << "{}";
  const std::vector<int16_t> samples(320);
  for (const std::string &folder : {one, other}) {
    const auto journal = Journal::create(place, folder, {16000, 0, "pcm", false});
    ck_assert(journal != nullptr);
    journal->add(g_get_real_time() * 1000, 0, samples.data(), samples.size());
    if (folder == other) {
      const auto video = journal->create_frames("video");
      const std::string data(10 << 20, 'x');
      JournalFrame frame;
      frame.captured_ns = g_get_real_time() * 1000;
      frame.caps = kCaps;
      frame.data = data;
      ck_assert(video->add(frame));
      video->keep();
    }
    journal->keep();
  }
  {
    std::ofstream file(filler);
    file << std::string(16 << 20, 'x');
  }
  RecorderRun run(killed_setup({}, output.path(), runtime.path()));
  run.wait_events("tail", 1);
  ck_assert_msg(contains(run.events("tail")[0], "meeting.json cannot be changed"), "%s",
                run.events("tail")[0].c_str());
  constexpr int kSomeSecondsMs = 3500;
  ck_assert(
      !run.program().wait_until([&] { return run.events("tail").size() > 1; }, kSomeSecondsMs));
  fs::remove(filler);
  run.wait_events("tail", 2);
  ck_assert_msg(contains(run.events("tail")[1], "is in its folder"), "%s",
                run.events("tail")[1].c_str());
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert(fs::exists(other + "/tail.mkv"));
}
GST_END_TEST;

// The operator is told that the memory for the journals is too small.
GST_START_TEST(test_full) {
  TemporaryDirectory output, runtime;
  TinyDisk memory(runtime.path(), "2m");
  ck_assert(memory.mounted());
  Numbered::Options options;
  options.end_ms = kLong_ms;
  options.chat = true;
  options.padding = 30000;
  Config config = numbered(kLong_ms);
  config.source = std::make_shared<Numbered>(options);
  config.outages.push_back({Media::Audio, 1000, 6000});
  auto server = serve(std::move(config));
  RecorderRun run(killed_setup({"--video-resolution=sd"}, output.path(), runtime.path()));
  run.announce(*server);
  run.wait_events("no-journal", 1);
  ck_assert_msg(contains(run.events("no-journal")[0], "has no room in " + runtime.path()), "%s",
                run.events("no-journal")[0].c_str());
  server->end_stream(6);
  run.wait_events("finished", 1);
  ck_assert_uint_eq(run.events("no-journal").size(), 1);
  run.program().send(SIGTERM);
  run.expect_end();
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
  add_case(suite, "room", test_room);
  add_case(suite, "full", test_full);
  return suite;
}

GST_CHECK_MAIN(recorder_tailvideo)

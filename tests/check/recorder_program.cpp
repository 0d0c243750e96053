// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorder's program: what viewers get in program.mp4 and by RTMP, beside the recording.
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "changedmeeting.h"
#include "recorder_run.h"
#include "rtmp.h"
#include "watcher.h"

namespace {

using namespace rtmscheck;

constexpr double kBlack = 24, kSlide = 150;

bool is_black(const Frame &frame) {
  return frame.mean() < kBlack;
}
// Bright on the left, and darker in the corner: the camera's white frames are bright everywhere.
bool is_share(const Frame &frame) {
  return frame.mean(0, 14, 16, 18) > kSlide && frame.mean(25, 2, 30, 5) < kSlide;
}
bool is_camera(const Frame &frame) {
  return !is_black(frame) && !is_share(frame) && frame.mean(0, 14, 16, 18) < kSlide;
}

// Each frame of the grid is there once.
void expect_constant_rate(const std::string &file) {
  constexpr double kFrame = 0.040, kRounding = 0.002;
  const Output output = run({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                             "packet=pts_time", "-of", "csv=p=0", file.c_str()});
  std::istringstream lines(output.out);
  double last = NAN;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty())
      continue;
    const double time = g_ascii_strtod(line.c_str(), nullptr);
    ck_assert_msg(std::isnan(last) || std::fabs(time - last - kFrame) < kRounding,
                  "%s: %f s follows %f s", file.c_str(), time, last);
    last = time;
  }
}

// For all players: one index, as in files that are no recordings.
void expect_finished(const std::string &file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  std::string boxes;
  for (std::size_t at = 0; at + 8 <= all.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(all[at + i]); };
    const std::size_t size = std::size_t{byte(0)} << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
    boxes += all.substr(at + 4, 4) + " ";
    if (size < 8)
      break;
    at += size;
  }
  ck_assert_msg(contains(boxes, "moov") && !contains(boxes, "moof"), "%s", boxes.c_str());
}

// The share comes and goes, and the camera is off at the end.
MeetingOptions eventful() {
  MeetingOptions options;
  options.off[Media::Deskshare] = {{0, 3000}, {6000, 60000}};
  options.off[Media::Video] = {{8000, 60000}};
  return options;
}

// A slide that does not change: the service sends nothing more of it.
std::shared_ptr<MediaSource> still(const MeetingOptions &options, int64_t until_ms) {
  return std::make_shared<ChangedMeeting>(options,
                                          [until_ms](Media media, MediaItem &, int64_t &due_ms) {
                                            return media != Media::Deskshare || due_ms < until_ms;
                                          });
}

void expect_shown(const std::vector<Frame> &frames) {
  Watched watched;
  watched.frames = frames;
  const double camera = watched.first(is_camera), share = watched.first(is_share, camera),
               again = watched.first(is_camera, share + 0.2),
               off = watched.first(is_black, again + 0.2);
  g_print("camera at %.2f s, share at %.2f s, camera at %.2f s, nothing at %.2f s\n", camera, share,
          again, off);
  ck_assert_msg(std::isfinite(off), "%f %f %f %f", camera, share, again, off);
  expect_near("the share's length", again - share, 3, 0.3);
  // The last frame stays until it is clear that no other follows.
  expect_near("the camera's after it", off - again, 3.5, 0.5);
}

}  // namespace

// One file and one stream, of the same frames; the recording has no track for the share.
GST_START_TEST(test_both) {
  constexpr int64_t kLengthMs = 11000;
  TemporaryDirectory folder;
  auto server = serve(meeting_of(kLengthMs, eventful()));
  RtmpServer rtmp(folder.path());
  RecorderRun run({"--video-resolution=sd", "--program=program.mp4", "--rtmp=" + rtmp.url()});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  rtmp.stop();
  const std::string recording = run.only_folder() + "/meeting.mkv",
                    file = run.only_folder() + "/program.mp4";
  expect_recording(recording, 1, static_cast<double>(kLengthMs) / 1000);
  ck_assert_uint_eq(tracks_of(recording).count("video 1"), 0);
  ck_assert(contains(run.text_of(run.only_folder() + "/meeting.json"), "\"program.mp4\""));
  ck_assert(run.events("program-failed").empty());
  expect_playable(file);
  expect_finished(file);
  const auto tracks = tracks_of(file);
  expect_text(tracks.at("video").codec, "h264");
  expect_text(tracks.at("audio").codec, "aac");
  expect_near("length", tracks.at("video").end, static_cast<double>(kLengthMs) / 1000, 1.5);
  expect_near("both end", tracks.at("audio").end, tracks.at("video").end, 0.1);
  const std::string pushed = folder.file("meeting.flv");
  for (const std::string &one : {file, pushed}) {
    expect_constant_rate(one);
    expect_shown(frames_of(one));
    expect_in_sync(flash_beep(one), 0.030, 3);
  }
  expect_no_violations(*server);
}
GST_END_TEST;

GST_START_TEST(test_still) {
  constexpr int64_t kLengthMs = 13000, kStillMs = 3000;
  Config config = meeting_of(kLengthMs);
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  config.source = still(options, kStillMs);
  config.keep_alive_ms = 1000;
  auto server = serve(std::move(config));
  RecorderRun run({"--video-resolution=sd", "--program=program.mp4", "--screen"});
  run.announce(*server);
  // GAPs wait for five seconds, in which media may be late.
  run.wait_messages(*server, "audio", 300);
  run.wait_messages(*server, "audio", (kLengthMs - 500) / 20);
  const double meanwhile = tracks_of(run.only_folder() + "/meeting.mkv").at("audio").end;
  ck_assert_msg(meanwhile > 6, "the audio ends at %f s", meanwhile);
  run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  unsigned shown = 0;
  for (const Frame &frame : frames_of(run.only_folder() + "/program.mp4")) {
    const double time = static_cast<double>(frame.pts) / GST_SECOND;
    if (time < 4 || time > 7.5)
      continue;
    // The camera in the corner flashes.
    ck_assert_msg(frame.mean(0, 14, 16, 18) > kSlide, "at %.2f s", time);
    shown++;
  }
  ck_assert_uint_gt(shown, 60);
}
GST_END_TEST;

// Names and captions on black, each in its place; the image is shown while there is neither.
GST_START_TEST(test_texts) {
  constexpr int64_t kLengthMs = 7000;
  MeetingOptions options;
  options.off[Media::Deskshare] = options.off[Media::Video] = {{0, 60000}};
  auto server = serve(meeting_of(kLengthMs, options));
  RecorderRun run({"--video-resolution=sd", "--program=program.mp4", "--name-tags", "--captions"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  double caption = 0, name = 0;
  for (const Frame &frame : frames_of(run.only_folder() + "/program.mp4")) {
    caption = std::max(caption, frame.spread(8, 15, 24, 18));
    name = std::max(name, frame.spread(0, 16, 6, 18));
  }
  ck_assert_msg(caption > 20, "captions: %f", caption);
  ck_assert_msg(name > 20, "names: %f", name);
  // Who cannot read the transcript in the video has it in the recording.
  ck_assert(size_of(run.only_folder() + "/meeting.vtt") > 0);
}
GST_END_TEST;

// What was before the recorder connected is in the recording; the program is live.
GST_START_TEST(test_backlog) {
  constexpr int64_t kBacklogMs = 50000, kLiveMs = 5000;
  MeetingOptions options;
  options.backlog_ms = kBacklogMs;
  options.off[Media::Deskshare] = {{0, 60000}};
  auto server = serve(meeting_of(kLiveMs, options));
  RecorderRun run({"--video-resolution=sd", "--program=program.mp4"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLiveMs) + kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  expect_near("recorded", tracks_of(run.only_folder() + "/meeting.mkv").at("audio").end,
              static_cast<double>(kBacklogMs + kLiveMs) / 1000, 0.5);
  const std::string file = run.only_folder() + "/program.mp4";
  expect_near("length", tracks_of(file).at("video").end, static_cast<double>(kLiveMs) / 1000, 1.5);
  expect_in_sync(flash_beep(file), 0.040, 2);
}
GST_END_TEST;

// The file is good to where it came; the next start gives it an index.
GST_START_TEST(test_killed) {
  TemporaryDirectory journals;
  const std::map<std::string, std::string> own = {{"RUNTIME_DIRECTORY", journals.path()}};
  const std::vector<std::string> options = {"--video-resolution=sd", "--program=program.mp4"};
  auto server = serve(meeting_of(0));
  RecorderRun run(RecorderRun::Setup{options, "", own, true});
  run.announce(*server);
  run.wait_events("recording", 1);
  const std::string folder = run.only_folder(), file = folder + "/program.mp4";
  // The header is written with the first fragment, 2 s long; others begin with "moof".
  const auto fragments = [&] {
    const std::string text = run.text_of(file);
    unsigned count = 0;
    for (size_t at = text.find("moof"); at != std::string::npos; at = text.find("moof", at + 4))
      count++;
    return count;
  };
  ck_assert(run.program().wait_until([&] { return fragments() >= 3; }, 2 * kDeadlineMs));
  run.program().send(SIGKILL);
  ck_assert(run.program().wait(kDeadlineMs));
  RecorderRun next(RecorderRun::Setup{options, run.output(), own, true});
  next.wait_events("tail", 1);
  ck_assert_uint_eq(fragments(), 0);
  expect_playable(file);
  ck_assert_msg(tracks_of(file).at("video").end > 5.5, "%f s", tracks_of(file).at("video").end);
  ck_assert_msg(tracks_of(file).at("audio").end > 5.5, "%f s", tracks_of(file).at("audio").end);
  ck_assert(!std::filesystem::exists(file + ".new"));
  next.program().send(SIGINT);
  next.expect_end();
}
GST_END_TEST;

// Neither an image that is none, nor a file that cannot be written, harms the recording.
GST_START_TEST(test_trouble) {
  TemporaryDirectory folder;
  std::ofstream(folder.file("slate.png")) << "no image";
  auto server = serve(meeting_of(3000));
  RecorderRun run(
      {"--video-resolution=sd", "--program=program.mp4", "--slate=" + folder.file("slate.png")});
  run.announce(*server);
  run.wait_events("finished", 1, 3000 + kDeadlineMs);
  ck_assert_uint_eq(run.events("slate").size(), 1);
  run.program().send(SIGTERM);
  run.expect_end();
  expect_recording(run.only_folder() + "/meeting.mkv", 1, 3);
  expect_playable(run.only_folder() + "/program.mp4");
}
GST_END_TEST;

static Suite *recorder_program_suite() {
  Suite *suite = suite_create("recorder_program");
  add_case(suite, "both", test_both);
  add_case(suite, "still", test_still);
  add_case(suite, "texts", test_texts);
  add_case(suite, "backlog", test_backlog);
  add_case(suite, "killed", test_killed);
  add_case(suite, "trouble", test_trouble);
  return suite;
}

GST_CHECK_MAIN(recorder_program)

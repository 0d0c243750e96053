// SPDX-License-Identifier: LGPL-2.1-or-later
// What rtms-recorder leaves behind: after a crash, on a full disk, of meetings without this or
// that.
#include <glib/gstdio.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "changedmeeting.h"
#include "recorder_run.h"
#include "tinydisk.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 6000;
constexpr double kLength = kLengthMs / 1000.0;

// The audio's connection stands still for a while, as TCP does when a packet is lost: all arrives
// later.
std::shared_ptr<MediaSource> stalled(const MeetingOptions &options, Span still) {
  return std::make_shared<ChangedMeeting>(
      options, [still](Media media, MediaItem &, int64_t &due_ms) {
        if (media == Media::Audio && due_ms >= still.from_ms && due_ms < still.to_ms)
          due_ms = still.to_ms;
        return true;
      });
}

MeetingOptions without(std::initializer_list<Media> media) {
  MeetingOptions options;
  for (Media m : media)
    options.off[m] = {{0, 10 * kLengthMs}};
  return options;
}

}  // namespace

GST_START_TEST(test_killed) {
  auto server = serve(meeting_of(0)), other = serve(meeting_of(0));
  RecorderRun mkv({"--video-resolution=sd", "--speakers=1"});
  RecorderRun mp4({"--video-resolution=sd", "--format=mp4"});
  // Both run before one of the meetings begins.
  mkv.url();
  mp4.url();
  mkv.announce(*server);
  mp4.announce(*other);
  constexpr int64_t kFrames = 300, kFramesPerSecond = 25;  // so many are received before the kill
  mkv.wait_messages(*server, "video", kFrames / 2);        // a deadline for each half
  mkv.wait_messages(*server, "video", kFrames);
  mp4.wait_messages(*other, "video", kFrames);
  const std::string mkv_file = mkv.only_folder() + "/meeting.mkv",
                    mp4_file = mp4.only_folder() + "/meeting.mp4";
  const auto received = [](RecorderRun *run, const Server &of) {
    return static_cast<double>(run->messages(of, "video")) / kFramesPerSecond;
  };
  const double mkv_s = received(&mkv, *server), mp4_s = received(&mp4, *other);
  for (RecorderRun *run : {&mkv, &mp4}) {
    run->program().send(SIGKILL);
    ck_assert(run->program().wait(kDeadlineMs));
  }
  // What was in memory is lost: of MKV not even as much as a line of the transcript waits, of MP4 a
  // fragment of 2 s.
  constexpr double kLostMkv = 2, kLostMp4 = 3.6;
  expect_recording(mkv_file, 3, mkv_s, kLostMkv);
  expect_recording(mp4_file, 1, mp4_s, kLostMp4);
  expect_text(report_of(mp4.only_folder(), "state"), "recording");
  ck_assert(contains(mkv.text_of(mkv.only_folder() + "/meeting.vtt"), "sentence 1"));
}
GST_END_TEST;

// A few kB a second: nothing waits until there are more.
GST_START_TEST(test_killed_audio) {
  auto server = serve(meeting_of(0));
  RecorderRun run({"--no-video", "--audio-codec=opus"});
  run.announce(*server);
  constexpr unsigned kPackets = 400, kPacketsPerSecond = 50;
  run.wait_messages(*server, "audio", kPackets);
  const double read = static_cast<double>(run.messages(*server, "audio")) / kPacketsPerSecond;
  run.program().send(SIGKILL);
  ck_assert(run.program().wait(kDeadlineMs));
  constexpr double kLost = 0.5;
  expect_recording(run.only_folder() + "/meeting.mkv", 1, read, kLost);
}
GST_END_TEST;

// The file can be played as far as there was room, and the report says why it ends.
GST_START_TEST(test_disk_full) {
  TemporaryDirectory directory;
  TinyDisk disk(directory.path(), "250k");
  ck_assert(disk.mounted());
  auto server = serve(meeting_of(0));
  RecorderRun run(
      RecorderRun::Setup{{"--video-resolution=sd", __i__ ? "--format=mp4" : "--format=mkv"},
                         directory.path(),
                         {},
                         true});
  run.announce(*server);
  run.wait_events("failed", 1, 2 * kDeadlineMs);
  const std::string folder = run.only_folder();
  expect_text(report_of(folder, "state"), "failed");
  ck_assert_msg(contains(report_of(folder, "error"), "The disk is full"), "%s",
                report_of(folder, "error").c_str());
  const std::string file = folder + (__i__ ? "/meeting.mp4" : "/meeting.mkv");
  // It ends in the middle of something, which ffprobe tells, but can be played until there.
  const Output packets =
      rtmscheck::run({"ffprobe", "-v", "quiet", "-select_streams", "a", "-show_entries",
                      "packet=pts_time", "-of", "csv=p=0", file.c_str()});
  double last = 0;
  std::istringstream lines(packets.out);
  for (std::string line; std::getline(lines, line);)
    last = std::max(last, g_ascii_strtod(line.c_str(), nullptr));
  g_print("%s: %.1f s\n", file.c_str(), last);
  ck_assert(last >= 1.5);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// No recording begins where there is no room for it, and a probe sees why.
GST_START_TEST(test_min_free) {
  auto server = serve(meeting_of(kLengthMs));
  RecorderRun run({"--min-free=1000T"});
  ck_assert_int_eq(run.get("/healthz").status, 503);
  run.announce(*server);
  run.wait_events("refused", 1);
  ck_assert(run.folders().empty());
  ck_assert_uint_eq(server->requests(), 0);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// The disk was unmounted, or somebody tidied up.
GST_START_TEST(test_folder_gone) {
  RecorderRun run;
  ck_assert_int_eq(run.get("/healthz").status, 200);
  ck_assert_int_eq(g_rmdir(run.output().c_str()), 0);
  ck_assert(run.program().wait_until([&] { return run.get("/healthz").status == 503; }));
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

GST_START_TEST(test_incomplete) {
  const MeetingOptions meetings[] = {
      without({Media::Video}),
      without({Media::Transcript, Media::Chat}),
      without({Media::Audio}),
  };
  MeetingOptions sizes;
  sizes.sizes_differ = true;
  std::vector<std::unique_ptr<Server>> servers;
  for (const MeetingOptions &options : meetings)
    servers.push_back(serve(meeting_of(kLengthMs, options)));
  servers.push_back(serve(meeting_of(kLengthMs, sizes)));
  Config few = meeting_of(kLengthMs);
  few.offered = {Media::Audio};
  auto sound_alone = serve(std::move(few));
  const bool mp4 = __i__;
  RecorderRun run({"--video-resolution=sd", mp4 ? "--format=mp4" : "--format=mkv", "--speakers=1"});
  for (const auto &server : servers)
    run.announce(*server);
  run.announce(*sound_alone);
  run.wait_events("finished", servers.size() + 1, static_cast<int>(kLengthMs) + 3 * kDeadlineMs);
  for (const std::string &folder : run.folders()) {
    expect_recording(folder + (mp4 ? "/meeting.mp4" : "/meeting.mkv"), 3, kLength);
    expect_text(report_of(folder, "state"), "finished");
  }
  // Under valgrind keep-alives of five meetings are answered late.
  for (const auto &server : servers)
    if (in_real_time())
      expect_no_violations(*server);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// Audio that cannot be placed is not lost in silence.
GST_START_TEST(test_damaged_sound) {
  constexpr int kPackets = 10;
  auto server = serve(meeting_of(0));
  RecorderRun run({"--no-video"});
  run.announce(*server);
  run.wait_messages(*server, "audio", 50);
  for (int i = 0; i < kPackets; i++)
    server->send_media(Media::Audio,
                       R"({"msg_type":14,"content":{"user_id":0,"data":"!","timestamp":1}})");
  run.wait_events("audio-lost", 1);
  const auto told = [&] {
    const std::string body = run.get("/metrics").body;
    const size_t at = body.find("\nrtms_meeting_audio_lost_milliseconds_total{");
    return at != std::string::npos &&
           contains(body.substr(at + 1, body.find('\n', at + 1) - at), "} 200\n");
  };
  ck_assert(run.program().wait_until(told));
  run.program().send(SIGINT);
  run.expect_end();
  const std::string report = run.text_of(run.only_folder() + "/meeting.json");
  ck_assert_msg(contains(report, "\"audio_lost_s\":0.2"), "%s", report.c_str());
}
GST_END_TEST;

// What comes late is not lost.
GST_START_TEST(test_late_sound) {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  Config config;
  config.source = stalled(options, {2000, 4000});
  auto server = serve(std::move(config));
  RecorderRun run({"--video-resolution=sd", __i__ ? "--format=mp4" : "--format=mkv"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
  const auto finished = run.events("finished");
  ck_assert_msg(!in_real_time() || contains(finished[0], "\"late_samples\":0"), "%s",
                finished[0].c_str());
  const std::string file = run.only_folder() + (__i__ ? "/meeting.mp4" : "/meeting.mkv");
  expect_recording(file, 1, kLength);
  expect_in_sync(flash_beep(file), 0.06, 5);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// Longer than the recorder waits for what is held up: the picture is black until the camera comes,
// and then each camera's own size is in the stream.
GST_START_TEST(test_late_camera) {
  constexpr int64_t kOnMs = 7000, kMeetingMs = 9000;
  MeetingOptions options;
  options.sizes_differ = true;
  options.off[Media::Video] = {{0, kOnMs}};
  auto server = serve(meeting_of(kMeetingMs, options));
  RecorderRun run({"--video-resolution=sd", __i__ ? "--format=mp4" : "--format=mkv"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kMeetingMs) + kDeadlineMs);
  const std::string file = run.only_folder() + (__i__ ? "/meeting.mp4" : "/meeting.mkv");
  expect_recording(file, 1, static_cast<double>(kMeetingMs) / 1000);
  const auto tracks = tracks_of(file);
  // Black from the first media on, which are the camera's time before its first flash; the audio
  // begins before, with the silence while it connects.
  constexpr double kFrame = 0.040;
  const double black = tracks.at("video").first - tracks.at("audio").first;
  const std::vector<double> flashes = flash_beep(file).flashes;
  ck_assert(!flashes.empty());
  expect_near("black", black, flashes.front() - static_cast<double>(kOnMs) / 1000, kFrame);
  ck_assert_int_gt(tracks.at("video").packets, static_cast<int>((kMeetingMs - kOnMs) / 40));
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// Pictures come with times that are out of order, and the same.
GST_START_TEST(test_jitter) {
  MeetingOptions options;
  options.jitter_ms = 100;
  auto server = serve(meeting_of(kLengthMs, options));
  RecorderRun run({"--video-resolution=sd", "--screen", __i__ ? "--format=mp4" : "--format=mkv"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
  const std::string file = run.only_folder() + (__i__ ? "/meeting.mp4" : "/meeting.mkv");
  expect_recording(file, 1, kLength);
  ck_assert_int_eq(tracks_of(file).at("video").packets, static_cast<int>(kLength * 25));
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// The service begins with a minute of older sound, all at once: each pad's thread has its part.
GST_START_TEST(test_backlog) {
  constexpr int64_t kBacklogMs = 50000, kLiveMs = 3000;
  MeetingOptions options;
  options.speakers = 3;
  options.backlog_ms = kBacklogMs;
  auto server = serve(meeting_of(kLiveMs, options));
  RecorderRun run({"--no-video", "--speakers=2", "--audio-codec=flac"});
  run.announce(*server);
  run.wait_events("finished", 1);
  const auto finished = run.events("finished");
  ck_assert_msg(contains(finished[0], "\"late_samples\":0"), "%s", finished[0].c_str());
  const std::string file = run.only_folder() + "/meeting.mkv";
  expect_recording(file, 4, static_cast<double>(kBacklogMs + kLiveMs) / 1000);
  const std::size_t all = beeps_of(file, 0).size();
  std::size_t apart = 0;
  for (unsigned track : {1, 2, 3})
    apart += beeps_of(file, track).size();
  g_print("beeps: %zu, and %zu on tracks of their own\n", all, apart);
  ck_assert(all >= 50 && apart >= all);  // one may be shared where turns change
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// The transcript's connection is refused until the recorder gives it up. All that the others bring
// meanwhile waits, and so does more than a minute of older sound.
GST_START_TEST(test_refused_for_a_minute) {
  constexpr int64_t kBacklogMs = 75000, kLiveMs = 65000;
  constexpr int kTransient = 16;
  MeetingOptions options;
  options.backlog_ms = kBacklogMs;
  Config config = meeting_of(kLiveMs, options);
  config.status_media[Media::Transcript] = kTransient;
  auto server = serve(std::move(config));
  RecorderRun run({"--video-resolution=sd"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLiveMs) + 2 * kDeadlineMs);
  const auto finished = run.events("finished");
  ck_assert_msg(contains(finished[0], "\"late_samples\":0"), "%s", finished[0].c_str());
  const std::string file = run.only_folder() + "/meeting.mkv";
  const auto tracks = tracks_of(file);
  ck_assert_int_eq(tracks.at("video").packets, static_cast<int>(kLiveMs / 40));
  const std::vector<double> beeps = beeps_of(file);
  ck_assert_uint_ge(beeps.size(), (kBacklogMs + kLiveMs) / 1000 - 2);
  for (size_t i = 1; i < beeps.size(); i++)
    expect_near("the next beep", beeps[i] - beeps[i - 1], 1, 0.05);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// A program that runs for months keeps nothing of a meeting that is over.
GST_START_TEST(test_leaks) {
  MeetingOptions options;
  options.speakers = 3;
  auto one = serve(meeting_of(2000, options)), two = serve(meeting_of(2000, options));
  RecorderRun run(RecorderRun::Setup{
      {"--video-resolution=sd", "--speakers=2", __i__ ? "--program=program.mp4" : "--screen",
       "--captions", "--name-tags", __i__ ? "--format=mp4" : "--format=mkv"},
      "",
      {{"GST_TRACERS", "leaks"}, {"GST_DEBUG", "GST_TRACER:7"}, {"GST_DEBUG_NO_COLOR", "1"}},
      true});
  run.announce(*one);
  run.announce(*two);
  run.wait_events("finished", 2, 3 * kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  const std::string output = run.program().output();
  const std::size_t leak = output.find("object-alive, type-name=(string)Gst");
  ck_assert_msg(leak == std::string::npos, "%s",
                output.substr(std::min(leak, output.size())).c_str());
}
GST_END_TEST;

// Nobody says or shows anything: there is nothing to keep.
GST_START_TEST(test_nothing) {
  auto server = serve(meeting_of(2000, without({Media::Video, Media::Audio, Media::Deskshare,
                                                Media::Transcript, Media::Chat})));
  RecorderRun run({"--program=program.mp4"});
  run.announce(*server);
  run.wait_events("finished", 1);
  ck_assert(contains(report_of(run.only_folder(), "end_reason"), "no audio and no video arrived"));
  for (const char *name : {"/meeting.mkv", "/program.mp4"})
    ck_assert(!g_file_test((run.only_folder() + name).c_str(), G_FILE_TEST_EXISTS));
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// Names of the network's are not paths, and break no file.
GST_START_TEST(test_hostile_names) {
  Config config = meeting_of(2000);
  config.id = "../../../../tmp/x\\\"\u202e";
  config.stream_id = "..%2f..%2f" + std::string(300, 'a');
  config.product = Product::Session;
  auto server = serve(std::move(config));
  RecorderRun run({"--no-video"});
  run.announce(*server);
  run.wait_events("recording", 1);
  const HttpAnswer metrics = run.get("/metrics");
  ck_assert_int_eq(metrics.status, 200);
  ck_assert(!contains(metrics.body, std::string(200, 'a')));
  ck_assert_msg(contains(metrics.body, "{stream=\"..%2f..%2faaaa") &&
                    contains(metrics.body, "Z_tmp-x\",state=\"recording\"}"),
                "%s", metrics.body.c_str());
  run.wait_events("finished", 1);
  const std::string folder = run.only_folder();
  ck_assert_msg(g_str_has_suffix(folder.c_str(), "Z_tmp-x"), "%s", folder.c_str());
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// As meson wants to be told of it, where no other case is to run.
static void skip(const char *name, const char *reason) {
  g_print("%s is left out: %s\n", name, reason);
  if (!g_strcmp0(g_getenv("CK_RUN_CASE"), name))
    std::exit(77);
}

static Suite *recorder_files_suite() {
  Suite *suite = suite_create("recorder_files");
  add_case(suite, "killed", test_killed);
  if (TinyDisk(g_get_tmp_dir(), "250k").mounted())
    add_case(suite, "disk-full", test_disk_full, 2);
  else
    skip("disk-full", "no disk to fill: this needs root");
  add_case(suite, "min-free", test_min_free);
  add_case(suite, "folder-gone", test_folder_gone);
  add_case(suite, "incomplete", test_incomplete, 2);
  add_case(suite, "damaged-sound", test_damaged_sound);
  add_case(suite, "late-sound", test_late_sound, 2);
  add_case(suite, "killed-audio", test_killed_audio);
  add_case(suite, "late-camera", test_late_camera, 2);
  add_case(suite, "jitter", test_jitter, 2);
  add_case(suite, "backlog", test_backlog);
  add_case(suite, "refused-for-a-minute", test_refused_for_a_minute);
  add_case(suite, "leaks", test_leaks, 2);
  add_case(suite, "nothing", test_nothing);
  add_case(suite, "hostile-names", test_hostile_names);
  return suite;
}

GST_CHECK_MAIN(recorder_files)

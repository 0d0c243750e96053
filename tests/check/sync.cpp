// SPDX-License-Identifier: LGPL-2.1-or-later
// A white picture and a beep at each full second are together in the decoded recording, whatever
// the meeting does.
#include "recording.h"

namespace {

using namespace rtmscheck;

constexpr double kTolerance = 0.020;

// With a latency that covers what a busy machine delays: no GAP takes the place of late audio.
constexpr const char *kMkv =
    "rtmssrc name=src latency=3000 video-resolution=sd fill=black matroskamux name=mux ! filesink "
    "name=out "
    "src.video ! queue ! h264parse ! video/x-h264,stream-format=avc3 ! mux.video_0 ";
constexpr const char *kMixed = "src.audio ! queue ! mux.audio_0 ";

// A meeting on its way into a file. As in the README's recording: where a GAP comes before the
// first frame, GStreamer 1.26's muxer writes a header that no decoder takes.
class Meeting {
 public:
  explicit Meeting(const MeetingOptions &options, const std::string &description = {},
                   Config config = {})
      : server_(start(std::move(config), options)),
        pipeline_(parse_launch((kMkv + (description.empty() ? kMixed : description)).c_str())),
        file(directory_.file("out.mkv")) {
    src_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "src"));
    ElementPtr out(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "out"));
    g_object_set(out.get(), "location", file.c_str(), nullptr);
    g_object_set(src_.get(), "webhook", server_->webhook_json().c_str(), "client-id", "test-client",
                 "client-secret", "test-secret", nullptr);
    set(src_.get(), "media-types", "audio+video");
  }

  Server &server() { return *server_; }
  GstElement *src() { return src_.get(); }
  GstElement *pipeline() { return pipeline_.get(); }
  void play_to_the_end() {
    play(pipeline_.get());
    if (in_real_time())
      expect_playable(file);
    expect_no_violations(*server_);
  }
  void wait_sent(Media m, uint64_t count) {
    ck_assert(server_->wait_for([=](const Server &s) { return s.sent(m) >= count; }, kDeadlineMs));
  }

 private:
  static std::unique_ptr<Server> start(Config config, const MeetingOptions &options) {
    config.source = make_meeting(options);
    return serve(std::move(config));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Server> server_;
  ElementPtr pipeline_, src_;

 public:
  const std::string file;
};

MeetingOptions lasting(int64_t seconds) {
  MeetingOptions options;
  options.duration_ms = seconds * 1000;
  return options;
}

// Seconds of the meeting are seconds of the recording: what is missing leaves a gap.
void expect_whole_seconds(const std::vector<double> &times, double tolerance) {
  ck_assert(!times.empty());
  for (double time : times) {
    const double since = time - times.front();
    ck_assert_msg(std::fabs(since - std::round(since)) <= tolerance, "%.3f s after the first",
                  since);
  }
}

}  // namespace

GST_START_TEST(test_smooth) {
  Meeting meeting(lasting(6));
  meeting.play_to_the_end();
  expect_in_sync(flash_beep(meeting.file), 0.003, 5);
}
GST_END_TEST;

GST_START_TEST(test_jitter) {
  MeetingOptions options = lasting(12);
  options.jitter_ms = 15;
  Meeting meeting(options);
  meeting.play_to_the_end();
  expect_in_sync(flash_beep(meeting.file), kTolerance, 10);
}
GST_END_TEST;

GST_START_TEST(test_camera_off) {
  MeetingOptions options = lasting(14);
  options.off[Media::Video] = {{2500, 10500}};
  Meeting meeting(options);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 5);
  expect_whole_seconds(found.flashes, kTolerance);
  ck_assert_uint_ge(found.beeps.size(), 13);
}
GST_END_TEST;

GST_START_TEST(test_camera_on_late) {
  MeetingOptions options = lasting(9);
  options.off[Media::Video] = {{0, 4500}};
  Meeting meeting(options);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 4);
  ck_assert_uint_ge(found.beeps.size(), 8);
}
GST_END_TEST;

GST_START_TEST(test_silence) {
  MeetingOptions options = lasting(10);
  options.off[Media::Audio] = {{2300, 2500}, {4500, 7500}};
  Meeting meeting(options);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 6);
  ck_assert_uint_ge(found.flashes.size(), 9);
}
GST_END_TEST;

// The connection of the video, of the audio, or of both is lost; the service refuses new ones for 4
// s.
GST_START_TEST(test_media_socket_lost) {
  constexpr unsigned kRetryMs = 500, kTries = 8;
  Meeting meeting(lasting(15));
  if (__i__ == 2)
    set(meeting.src(), "connection-mode", "unified");
  g_object_set(meeting.src(), "retry-delay", kRetryMs, "retry-delay-max", kRetryMs, nullptr);
  ck_assert_int_ne(gst_element_set_state(meeting.pipeline(), GST_STATE_PLAYING),
                   GST_STATE_CHANGE_FAILURE);
  meeting.wait_sent(Media::Audio, 3 * 50 + 25);
  Server &server = meeting.server();
  const unsigned tries = server.requests() + kTries;
  server.configure([](Config &config) { config.upgrade_status_media = 503; });
  server.drop(__i__ ? Media::Audio : Media::Video, true);
  ck_assert(server.wait_for([=](const Server &s) { return s.requests() >= tries; }, kDeadlineMs));
  server.configure([](Config &config) { config.upgrade_status_media = 0; });
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 7);
  expect_whole_seconds(found.flashes, kTolerance);
  expect_whole_seconds(found.beeps, kTolerance);
  const bool video_lost = __i__ != 1, audio_lost = __i__ != 0;
  ck_assert_msg((found.flashes.size() < 12) == video_lost, "%s", to_string(found).c_str());
  ck_assert_msg((found.beeps.size() < 12) == audio_lost, "%s", to_string(found).c_str());
}
GST_END_TEST;

GST_START_TEST(test_speaker_with_other_size) {
  MeetingOptions options = lasting(13);
  options.sizes_differ = true;
  options.jitter_ms = 5;
  Meeting meeting(options);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 12);
}
GST_END_TEST;

// The pipeline pauses, the meeting does not.
GST_START_TEST(test_pipeline_paused) {
  constexpr int kFps = 25;
  Meeting meeting(lasting(12));
  ck_assert_int_ne(gst_element_set_state(meeting.pipeline(), GST_STATE_PLAYING),
                   GST_STATE_CHANGE_FAILURE);
  meeting.wait_sent(Media::Video, 3 * kFps + kFps / 2);
  ck_assert_int_ne(gst_element_set_state(meeting.pipeline(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_FAILURE);
  meeting.wait_sent(Media::Video, 6 * kFps);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 6);
}
GST_END_TEST;

// The meeting pauses: states 5 and 6, and no media between them.
GST_START_TEST(test_meeting_paused) {
  Config config;
  config.script.push_back({3500, Signaling, R"({"msg_type":8,"state":5,"reason":0})"});
  config.script.push_back({7500, Signaling, R"({"msg_type":8,"state":6,"reason":0})"});
  MeetingOptions options = lasting(12);
  options.off[Media::Audio] = options.off[Media::Video] = {{3500, 7500}};
  Meeting meeting(options, "", config);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, 6);
  expect_whole_seconds(found.flashes, kTolerance);
}
GST_END_TEST;

// A minute of audio comes at once, before everything else.
GST_START_TEST(test_backlog) {
  constexpr int kBacklogSeconds = 60, kSeconds = 6;
  MeetingOptions options = lasting(kSeconds);
  options.backlog_ms = kBacklogSeconds * 1000;
  Meeting meeting(options);
  g_object_set(meeting.src(), "buffer-data", TRUE, nullptr);
  meeting.play_to_the_end();
  const FlashBeep found = flash_beep(meeting.file);
  expect_in_sync(found, kTolerance, kSeconds - 1);
  expect_whole_seconds(found.beeps, kTolerance);
  ck_assert_uint_ge(found.beeps.size(), kBacklogSeconds + kSeconds - 2);
  const auto tracks = tracks_of(meeting.file);
  // A black frame is in the place of the camera's first minute.
  expect_near("video", tracks.at("video").first - tracks.at("audio").first, 0, 0.05);
  expect_near("the first flash", found.flashes.front(), kBacklogSeconds, 1 + kTolerance);
  ck_assert_int_eq(tracks.at("audio").packets, (kBacklogSeconds + kSeconds) * 50);
}
GST_END_TEST;

// Each speaker on a track: both are heard when they take over from each other.
GST_START_TEST(test_participants) {
  MeetingOptions options = lasting(13);
  Meeting meeting(options, "src.audio_0 ! queue ! mux.audio_0 src.audio_1 ! queue ! mux.audio_1");
  set(meeting.src(), "audio-streams", "per-participant");
  meeting.play_to_the_end();
  for (unsigned track = 0; track < 2; track++)
    expect_in_sync(flash_beep(meeting.file, track), kTolerance, 4);
}
GST_END_TEST;

static void add(Suite *suite, const char *name, TFun test, int times = 1) {
  constexpr double kPatienceSeconds = 60;
  TCase *tcase = tcase_create(name);
  tcase_set_timeout(tcase, kPatienceSeconds);
  tcase_add_loop_test(tcase, test, 0, times);
  suite_add_tcase(suite, tcase);
}

// A test case for each, so that they run side by side.
static Suite *sync_suite() {
  Suite *suite = suite_create("sync");
  add(suite, "smooth", test_smooth);
  add(suite, "jitter", test_jitter);
  add(suite, "camera-off", test_camera_off);
  add(suite, "camera-on-late", test_camera_on_late);
  add(suite, "silence", test_silence);
  add(suite, "socket-lost", test_media_socket_lost, 3);
  add(suite, "other-size", test_speaker_with_other_size);
  add(suite, "pipeline-paused", test_pipeline_paused);
  add(suite, "meeting-paused", test_meeting_paused);
  add(suite, "backlog", test_backlog);
  add(suite, "participants", test_participants);
  return suite;
}

GST_CHECK_MAIN(sync)

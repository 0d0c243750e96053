// SPDX-License-Identifier: LGPL-2.1-or-later
// Recordings as users make them, checked with ffprobe and ffmpeg.
#include <algorithm>

#include "recording.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 4000;
constexpr int kFps = 25;
constexpr double kFrame = 1.0 / kFps;

struct Recording {
  const char *name, *file, *description;
  bool tls, binary;
  double audio_packet;  // seconds: an encoder gives whole packets only
};

#define MKV(settings)                                                     \
  "rtmssrc name=src " settings                                            \
  " src.video ! queue ! h264parse ! mux. src.audio ! queue ! mux.audio_0" \
  " src.transcript ! queue ! mux.subtitle_0 matroskamux name=mux ! filesink name=out"
#define MP4(settings)                                                   \
  "rtmssrc name=src media-types=audio+video audio-rate=48000 " settings \
  " src.video ! queue ! h264parse ! mux."                               \
  " src.audio ! queue ! audioconvert ! avenc_aac ! mux. mp4mux name=mux ! filesink name=out"

constexpr double kAacPacket = 1024.0 / 48000;
const Recording kRecordings[] = {
    {"mkv, split", "out.mkv", MKV("media-types=audio+video+transcript text-wait=6000"), false,
     false, 0.02},
    {"mkv, unified, tls", "out.mkv",
     MKV("media-types=audio+video+transcript text-wait=6000 connection-mode=unified"), true, true,
     0.02},
    {"mp4, split, tls", "out.mp4", MP4(""), true, false, kAacPacket},
    {"mp4, unified", "out.mp4", MP4("connection-mode=unified"), false, true, kAacPacket},
};

Config meeting_config(const Recording &recording) {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  Config config;
  config.tls = recording.tls;
  config.binary_frames = recording.binary;
  config.source = make_meeting(options);
  return config;
}

void set_up(GstElement *pipeline, const Server &server, const std::string &file) {
  ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline), "src"));
  ElementPtr out(gst_bin_get_by_name(GST_BIN(pipeline), "out"));
  g_object_set(out.get(), "location", file.c_str(), nullptr);
  g_object_set(src.get(), "webhook", server.webhook_json().c_str(), "client-id", "test-client",
               "client-secret", "test-secret", nullptr);
  set(src.get(), "video-resolution", "sd");
  if (server.ca_file().empty())
    return;
  ObjectPtr<GTlsDatabase> database(g_tls_file_database_new(server.ca_file().c_str(), nullptr));
  g_object_set(src.get(), "tls-database", database.get(), nullptr);
}

void check_tracks(const Recording &recording, const std::map<std::string, Track> &tracks) {
  constexpr double kLength = kLengthMs / 1000.0;
  const Track &video = tracks.at("video"), &audio = tracks.at("audio");
  bool mkv = g_str_has_suffix(recording.file, ".mkv");
  expect_text(video.codec, "h264");
  expect_text(audio.codec, mkv ? "pcm_s16le" : "aac");
  ck_assert_int_eq(video.packets, kLengthMs * kFps / 1000);
  expect_near("video", video.end - video.first, kLength, kFrame + 0.002);
  // An encoder's first packet is its delay, of which the file tells.
  double tolerance = recording.audio_packet * (mkv ? 1 : 2) + 0.002;
  expect_near("audio", audio.end - std::max(audio.first, 0.0), kLength, tolerance);
  expect_near("start", audio.first, video.first, kFrame + 0.002);
  ck_assert_uint_eq(tracks.count("subtitle"), mkv ? 1 : 0);
  if (!mkv)
    return;
  ck_assert_int_eq(tracks.at("subtitle").packets, 1);
  expect_near("subtitle", tracks.at("subtitle").first - video.first, 0.2, 0.05);
}

}  // namespace

GST_START_TEST(test_recording) {
  const Recording &recording = kRecordings[__i__];
  auto server = serve(meeting_config(recording));
  TemporaryDirectory directory;
  std::string file = directory.file(recording.file);
  ElementPtr pipeline = parse_launch(recording.description);
  set_up(pipeline.get(), *server, file);
  play(pipeline.get());
  expect_playable(file);
  check_tracks(recording, tracks_of(file));
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *pipelines_suite() {
  constexpr double kPatienceSeconds = 90;
  Suite *suite = suite_create("pipelines");
  TCase *recordings = tcase_create("recordings");
  tcase_set_timeout(recordings, kPatienceSeconds);
  tcase_add_loop_test(recordings, test_recording, 0, G_N_ELEMENTS(kRecordings));
  suite_add_tcase(suite, recordings);
  return suite;
}

GST_CHECK_MAIN(pipelines)

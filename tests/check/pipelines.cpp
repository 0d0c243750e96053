// Recordings as users make them, checked with ffprobe and ffmpeg.
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include <algorithm>
#include <cmath>

#include "fixture.h"

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
    {"mkv, split", "out.mkv", MKV("media-types=audio+video+transcript"), false, false, 0.02},
    {"mkv, unified, tls", "out.mkv",
     MKV("media-types=audio+video+transcript connection-mode=unified"), true, true, 0.02},
    {"mp4, split, tls", "out.mp4", MP4(""), true, false, kAacPacket},
    {"mp4, unified", "out.mp4", MP4("connection-mode=unified"), false, true, kAacPacket},
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(g_dir_make_tmp("rtms-check-XXXXXX", nullptr)) {
    ck_assert(path_ != nullptr);
  }
  ~TemporaryDirectory() {
    for (const std::string &file : files_)
      g_unlink(file.c_str());
    g_rmdir(path_.get());
  }
  std::string file(const std::string &name) {
    files_.push_back(std::string(path_.get()) + "/" + name);
    return files_.back();
  }

 private:
  CharPtr path_;
  std::vector<std::string> files_;
};

struct Output {
  std::string out, err;
};

Output run(std::vector<const char *> arguments) {
  arguments.push_back(nullptr);
  char *out = nullptr, *err = nullptr;
  int status = 0;
  GError *failure = nullptr;
  bool spawned = g_spawn_sync(nullptr, const_cast<char **>(arguments.data()), nullptr,
                              G_SPAWN_SEARCH_PATH, nullptr, nullptr, &out, &err, &status, &failure);
  CharPtr owned_out(out), owned_err(err);
  ErrorPtr owned(failure);
  ck_assert_msg(spawned, "%s: %s", arguments[0], failure ? failure->message : "");
  ck_assert_msg(g_spawn_check_wait_status(status, nullptr), "%s: %s", arguments[0], err);
  return {out, err};
}

double seconds(JsonObject *object, const char *member) {
  const char *text = json_object_get_string_member_with_default(object, member, "nan");
  return g_ascii_strtod(text, nullptr);
}

// What is in the file, by its packets.
struct Track {
  std::string codec;
  int packets = 0;
  double first = INFINITY, end = -INFINITY;
};

std::map<std::string, Track> tracks_of(const std::string &file) {
  Output output = run({"ffprobe", "-v", "error", "-of", "json", "-show_entries",
                       "stream=index,codec_type,codec_name:packet=stream_index,pts_time,"
                       "duration_time",
                       "-show_packets", "-show_streams", file.c_str()});
  ck_assert_msg(output.err.empty(), "ffprobe: %s", output.err.c_str());
  ObjectPtr<JsonParser> parser(json_parser_new());
  ck_assert(json_parser_load_from_data(parser.get(), output.out.c_str(), -1, nullptr));
  JsonObject *root = json_node_get_object(json_parser_get_root(parser.get()));
  std::map<int64_t, std::string> types;
  std::map<std::string, Track> tracks;
  JsonArray *streams = json_object_get_array_member(root, "streams");
  for (guint i = 0; i < json_array_get_length(streams); i++) {
    JsonObject *stream = json_array_get_object_element(streams, i);
    std::string type = json_object_get_string_member(stream, "codec_type");
    types[json_object_get_int_member(stream, "index")] = type;
    tracks[type].codec = json_object_get_string_member(stream, "codec_name");
  }
  JsonArray *packets = json_object_get_array_member(root, "packets");
  for (guint i = 0; i < json_array_get_length(packets); i++) {
    JsonObject *packet = json_array_get_object_element(packets, i);
    Track &track = tracks[types[json_object_get_int_member(packet, "stream_index")]];
    double start = seconds(packet, "pts_time"), duration = seconds(packet, "duration_time");
    track.packets++;
    track.first = std::min(track.first, start);
    track.end = std::max(track.end, start + (std::isnan(duration) ? 0 : duration));
  }
  return tracks;
}

void expect_near(const char *what, double got, double wanted, double tolerance) {
  ck_assert_msg(std::fabs(got - wanted) <= tolerance, "%s: %f instead of %f", what, got, wanted);
}

void expect_playable(const std::string &file) {
  Output output = run({"ffmpeg", "-nostdin", "-v", "error", "-i", file.c_str(), "-f", "null", "-"});
  ck_assert_msg(output.err.empty(), "ffmpeg: %s", output.err.c_str());
  ck_assert_msg(output.out.empty(), "ffmpeg: %s", output.out.c_str());
}

Config meeting_config(const Recording &recording) {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  Config config;
  config.tls = recording.tls;
  config.binary_frames = recording.binary;
  config.source = make_meeting(options);
  return config;
}

ElementPtr parse_launch(const char *description) {
  GError *failure = nullptr;
  GstElement *pipeline = gst_parse_launch(description, &failure);
  ErrorPtr owned(failure);
  ck_assert_msg(pipeline && !failure, "%s", failure ? failure->message : description);
  return ElementPtr(static_cast<GstElement *>(gst_object_ref_sink(pipeline)));
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

// Plays to the end; a warning is as bad as an error.
void play(GstElement *pipeline) {
  ck_assert_int_ne(gst_element_set_state(pipeline, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  BusPtr bus(gst_element_get_bus(pipeline));
  MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), 40 * GST_SECOND,
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
  ck_assert_msg(message != nullptr, "no end");
  if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_EOS) {
    Failure failure = failure_of(message.get());
    ck_abort_msg("%s: %s", failure.text.c_str(), failure.debug.c_str());
  }
  int64_t start = g_get_monotonic_time();
  gst_element_set_state(pipeline, GST_STATE_NULL);
  ck_assert_int_lt((g_get_monotonic_time() - start) / 1000, kPromptMs);
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// Each recipe of the documentation, run as it is written, against a meeting in which cameras and
// screen shares go and come, nobody speaks for a while, and the cameras' sizes differ.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "reciperun.h"
#include "rtmp.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 12000, kShortMs = 6000;
constexpr double kSecond = 1000;  // in ms
constexpr double kClose = 0.020, kBroadcast = 0.040;
// While nothing comes, time is known up to the latency and the interval of GAPs, and to when the
// machine runs.
constexpr double kUncertain = 1.0;
// The last beep is a second before the end; an encoder rounds the end up.
constexpr double kAfterBeep = 1, kRoundedUp = 0.3;

MeetingOptions eventful() {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  options.speakers = 3;
  options.sizes_differ = true;
  options.off[Media::Video] = {{0, 2000}, {5000, 7000}};
  options.off[Media::Audio] = {{9000, 10000}};
  options.off[Media::Deskshare] = {{0, 1500}, {4000, 8000}};
  return options;
}
constexpr double kCameraOff = 4, kShareOff = 5.5;

MeetingOptions without_cameras() {
  MeetingOptions options;
  options.duration_ms = kShortMs;
  options.off[Media::Video] = options.off[Media::Deskshare] = {{0, 2 * kShortMs}};
  return options;
}

// ---- what is in a file ---------------------------------------------------------------

double last_beep_of(const std::string &file, const std::map<std::string, Track> &tracks) {
  const auto is_audio = [](const auto &track) {
    return g_str_has_prefix(track.first.c_str(), "audio");
  };
  double last = -INFINITY;
  for (unsigned i = 0; i < std::count_if(tracks.begin(), tracks.end(), is_audio); i++)
    for (double beep : beeps_of(file, i))
      last = std::max(last, beep);
  return last;
}

// A recording may begin before the meeting. It ends with it.
void expect_length(const std::string &file, const char *name, double length) {
  const auto tracks = tracks_of(file);
  const double end = tracks.at(name).end, whole = end - start_of(tracks);
  ck_assert_msg(whole >= length - kUncertain, "%s: %f s", name, whole);
  if (!in_real_time())
    return;
  const double after = end - last_beep_of(file, tracks) - kAfterBeep;
  ck_assert_msg(after >= -kUncertain && after <= kRoundedUp, "%s: %f s after the meeting's end",
                name, after);
}

void expect_audio_and_video(const std::string &file, const char *codec, double length) {
  expect_playable(file);
  const auto tracks = tracks_of(file);
  expect_text(tracks.at("video").codec, "h264");
  expect_text(tracks.at("audio").codec, codec);
  expect_length(file, "video", length);
  expect_length(file, "audio", length);
}

void expect_constant_rate(const std::string &file, double fps) {
  constexpr double kRounding = 0.002;
  Output output = run({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                       "packet=pts_time", "-of", "csv=p=0", file.c_str()});
  std::istringstream lines(output.out);
  double last = NAN;
  unsigned pictures = 0;
  for (std::string line; std::getline(lines, line); pictures++) {
    if (line.empty())
      continue;
    const double time = g_ascii_strtod(line.c_str(), nullptr);
    ck_assert_msg(std::isnan(last) || time - last <= 1.5 / fps + kRounding,
                  "%.3f s: no picture for %.3f s", last, time - last);
    last = time;
  }
  ck_assert_uint_gt(pictures, 1);
}

// How much of it is black, as far as it is so for a moment.
double black_seconds(const std::string &file, const std::string &crop) {
  const std::string filter = crop + "blackdetect=d=0.3";
  Output output = run({"ffmpeg", "-nostdin", "-v", "info", "-nostats", "-i", file.c_str(), "-an",
                       "-vf", filter.c_str(), "-f", "null", "-"});
  const std::string key = "black_duration:";
  double sum = 0;
  for (std::size_t at = output.err.find(key); at != std::string::npos;
       at = output.err.find(key, at + 1))
    sum += g_ascii_strtod(output.err.c_str() + at + key.size(), nullptr);
  return sum;
}

// A picture stays until it is known that no other follows.
constexpr double kStays = 1.4;
// Before a meeting of that length, too.
void expect_black(const std::string &file, double wanted, double length,
                  const std::string &crop = {}) {
  const double seconds = black_seconds(file, crop);
  if (!in_real_time())
    return;
  constexpr double kMore = 0.5;
  const double before = last_beep_of(file, tracks_of(file)) + kAfterBeep - length;
  ck_assert_msg(seconds >= wanted - kStays && seconds <= wanted + before + kMore,
                "%f s are black, not %f s; %f s are before the meeting", seconds, wanted, before);
}

// ---- the recipes ---------------------------------------------------------------------

constexpr double kLength = kLengthMs / kSecond, kShort = kShortMs / kSecond;

void check_eventful(const RecipeRun &recording) {
  const std::string file = recording.file("meeting.mkv");
  expect_audio_and_video(file, "pcm_s16le", kLength);
  ck_assert_int_eq(tracks_of(file).at("subtitle").packets, 4);
  expect_in_sync(flash_beep(file), kClose, 6);
}

void check_record() {
  const auto recording = record("record", eventful());
  check_eventful(*recording);
}

void check_listen() {
  const auto recording = record("listen", eventful());
  check_eventful(*recording);
}

void check_record_without_cameras() {
  const auto recording = record("record", without_cameras());
  expect_audio_and_video(recording->file("meeting.mkv"), "pcm_s16le", kShort);
}

// A kind of media that the service does not offer costs a warning, and nothing of the others.
Offer all_but(Media missing) {
  Offer offered = all_media();
  offered.erase(missing);
  return offered;
}

void check_record_without_transcript() {
  const auto recording = record("record", without_cameras(), all_but(Media::Transcript));
  expect_audio_and_video(recording->file("meeting.mkv"), "pcm_s16le", kShort);
}

void check_record_without_video() {
  const auto recording = record("record", without_cameras(), all_but(Media::Video));
  expect_audio_and_video(recording->file("meeting.mkv"), "pcm_s16le", kShort);
}

void check_mp4_without_video() {
  const auto recording = record("mp4", without_cameras(), all_but(Media::Video));
  expect_audio_and_video(recording->file("meeting.mp4"), "aac", kShort);
}

void check_speakers_without_transcript() {
  const auto recording = record("speakers", without_cameras(), all_but(Media::Transcript));
  expect_audio_and_video(recording->file("meeting.mkv"), "opus", kShort);
}

void check_audio_without_transcript() {
  const auto recording = record("audio-text", without_cameras(), all_but(Media::Transcript));
  expect_length(recording->file("meeting.ogg"), "audio", kShort);
}

// The sizes differ, but not what the file says of them: mp4mux assigns frames to the wrong one.
void expect_one_description(const std::string &file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  unsigned descriptions = 0;
  for (std::size_t at = all.rfind("moov"); (at = all.find("avc3", at)) != std::string::npos; at++)
    descriptions++;
  ck_assert_uint_eq(descriptions, 1);
}

void check_mp4() {
  const auto recording = record("mp4", eventful());
  const std::string file = recording->file("meeting.mp4");
  expect_audio_and_video(file, "aac", kLength);
  expect_one_description(file);
  expect_in_sync(flash_beep(file), kBroadcast, 6);
}

void check_mp4_without_cameras() {
  const auto recording = record("mp4", without_cameras());
  expect_audio_and_video(recording->file("meeting.mp4"), "aac", kShort);
}

// What is in the file when it is killed: all but the last seconds.
void check_killed(const char *recipe, double tolerance) {
  constexpr double kKilled = 9, kLost = 2.5;
  MeetingOptions options = eventful();
  options.duration_ms = 0;
  std::unique_ptr<RecipeRun> recording;
  undisturbed([&] {
    recording = std::make_unique<RecipeRun>(recipe, options);
    recording->kill_after(kKilled, recording->file("meeting.mp4"));
  });
  const std::string file = recording->file("meeting.mp4");
  expect_playable(file);
  const auto tracks = tracks_of(file);
  expect_text(tracks.at("audio").codec, "aac");
  for (const char *kind : {"video", "audio"})
    ck_assert_msg(tracks.at(kind).end >= kKilled - kLost * slowness(), "%s: only %f s", kind,
                  tracks.at(kind).end);
  expect_in_sync(flash_beep(file), tolerance, 3);
}

void check_mp4_killed() {
  check_killed("mp4", kBroadcast);
}

// Where cameras are not, and no text is.
constexpr const char *kMiddle = "crop=iw:ih/4:0:ih/8,";
// While there is neither camera nor share, in the eventful meeting.
constexpr double kSlate = 1.5 + 2;

// In the corner that cameras of both sizes fill during a share; a camera alone is white there, too.
void expect_corner_in_sync(const std::string &file, double tolerance, unsigned fewest) {
  const std::string corner = file + ".corner.mkv";
  run({"ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", file.c_str(), "-vf",
       "crop=48:80:508:20", "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-c:v", "ffv1",
       "-c:a", "copy", corner.c_str()});
  expect_in_sync(flash_beep(corner), tolerance, fewest);
}

void check_mp4_transcode() {
  const auto recording = record("mp4-transcode", eventful());
  const std::string file = recording->file("meeting.mp4");
  expect_audio_and_video(file, "aac", kLength);
  expect_constant_rate(file, 50);
  expect_black(file, kSlate, kLength, kMiddle);
  expect_corner_in_sync(file, kClose, 6);
}

void check_mp4_transcode_without_cameras() {
  const auto recording = record("mp4-transcode", without_cameras());
  const std::string file = recording->file("meeting.mp4");
  expect_audio_and_video(file, "aac", kShort);
  expect_black(file, kShort, kShort);
}

void check_mp4_transcode_killed() {
  check_killed("mp4-transcode", kClose);
}

void check_speakers() {
  const auto recording = record("speakers", eventful());
  const std::string file = recording->file("meeting.mkv");
  expect_audio_and_video(file, "opus", kLength);
  const auto tracks = tracks_of(file);
  ck_assert_int_eq(tracks.at("subtitle").packets, 4);
  expect_length(file, "audio 1", kLength);
  expect_length(file, "audio 2", kLength);
  for (unsigned speaker = 0; speaker < 3; speaker++)
    expect_in_sync(flash_beep(file, speaker), kClose, 2);
}

// One of the tracks has no speaker.
void check_speakers_missing() {
  MeetingOptions options;
  options.duration_ms = kShortMs;
  options.speakers = 2;
  const auto recording = record("speakers", options);
  const std::string file = recording->file("meeting.mkv");
  expect_audio_and_video(file, "opus", kShort);
  expect_length(file, "audio 2", kShort);
  ck_assert_uint_eq(beeps_of(file, 2).size(), 0);
}

// A push, to where somebody watches.
struct Broadcast {
  Broadcast(const char *recipe, const MeetingOptions &options) {
    RecipeRun push(recipe, options, server.url());
    push.to_the_end();
    server.stop();
  }
  TemporaryDirectory directory;
  RtmpServer server{directory.path()};
  Viewer viewer{server.url()};
};

void check_rtmp_of(const char *recipe, const MeetingOptions &options,
                   const std::function<void(std::string)> &check) {
  std::optional<Broadcast> broadcast;
  undisturbed([&] { broadcast.emplace(recipe, options); });
  const std::string file = broadcast->server.recording();
  const double length = static_cast<double>(options.duration_ms) / kSecond;
  expect_audio_and_video(file, "aac", length);
  expect_constant_rate(file, 25);
  check(file);
  Viewer &viewer = broadcast->viewer;
  const int sent = tracks_of(file).at("video").packets;
  g_print("%u of %d pictures arrived, %.3f s apart at most\n", viewer.pictures(), sent,
          viewer.longest_wait());
  ck_assert_int_ge(static_cast<int>(viewer.pictures()), sent - 25);
  ck_assert(viewer.longest_wait() <= 1.0 * slowness());
}

void check_rtmp_by_hand() {
  check_rtmp_of("rtmp-by-hand", eventful(), [](const std::string &file) {
    expect_black(file, kCameraOff, kLength);
    expect_in_sync(flash_beep(file), kBroadcast, 6);
  });
}

void check_rtmp() {
  check_rtmp_of("rtmp", eventful(), [](const std::string &file) {
    expect_black(file, kSlate, kLength, kMiddle);
    expect_corner_in_sync(file, kBroadcast, 6);
  });
}

void check_rtmp_without_cameras() {
  check_rtmp_of("rtmp", without_cameras(),
                [](const std::string &file) { expect_black(file, kShort, kShort, kMiddle); });
}

// On air before the meeting.
void check_rebroadcast() {
  check_rtmp_of("rebroadcast", eventful(),
                [](const std::string &file) { expect_black(file, kSlate, kLength, kMiddle); });
}

uint16_t free_udp_port() {
  ObjectPtr<GSocket> socket(
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, nullptr));
  ObjectPtr<GInetAddress> loopback(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
  ObjectPtr<GSocketAddress> any(g_inet_socket_address_new(loopback.get(), 0));
  ck_assert(g_socket_bind(socket.get(), any.get(), FALSE, nullptr));
  ObjectPtr<GSocketAddress> address(g_socket_get_local_address(socket.get(), nullptr));
  return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address.get()));
}

// Somebody who receives by SRT, to the end.
void check_srt() {
  TemporaryDirectory folder;
  const std::string received = folder.file("received.ts"), file = folder.file("received.mkv");
  undisturbed([&] {
    const std::string url = "srt://127.0.0.1:" + std::to_string(free_udp_port());
    const std::string description =
        "srtsrc uri=\"" + url + "?mode=listener&latency=300\" ! filesink location=" + received;
    const ElementPtr receiver = parse_launch(description.c_str());
    gst_element_set_state(receiver.get(), GST_STATE_PLAYING);
    RecipeRun("srt", eventful(), url).to_the_end();
    const Ptr<GstBus, gst_object_unref> bus(gst_element_get_bus(receiver.get()));
    const MessagePtr end(
        gst_bus_timed_pop_filtered(bus.get(), kDeadlineMs * GST_MSECOND, GST_MESSAGE_EOS));
    gst_element_set_state(receiver.get(), GST_STATE_NULL);
    ck_assert_msg(end != nullptr, "the receiver does not end");
  });
  // It begins at 0, a moment before the meeting. What the receiver still holds when the sender ends
  // is lost: its latency.
  constexpr double kWhole = kLength - 0.8;
  const std::string all = folder.file("all.mkv");
  run({"ffmpeg", "-nostdin", "-v", "error", "-i", received.c_str(), "-c", "copy", all.c_str()});
  const double before = last_beep_of(all, tracks_of(all)) + kAfterBeep - kLength;
  run({"ffmpeg", "-nostdin", "-v", "error", "-i", received.c_str(), "-c", "copy", "-t",
       std::to_string(before + kWhole).c_str(), file.c_str()});
  expect_audio_and_video(file, "aac", kWhole);
  expect_constant_rate(file, 25);
  expect_corner_in_sync(file, kBroadcast, 6);
}

// The segments as one file that begins at 0.
std::string joined(const RecipeRun &recording) {
  const std::string list = recording.file("meeting.m3u8"), file = recording.file("joined.mkv");
  run({"ffmpeg", "-nostdin", "-v", "error", "-i", list.c_str(), "-c", "copy", file.c_str()});
  return file;
}

void check_hls() {
  const auto recording = record("hls", eventful());
  expect_playable(recording->file("meeting.m3u8"));
  const std::string file = joined(*recording);
  expect_audio_and_video(file, "aac", kLength);
  expect_constant_rate(file, 25);
  expect_black(file, kCameraOff, kLength);
  expect_in_sync(flash_beep(file), kBroadcast, 6);
}

void check_hls_without_cameras() {
  const auto recording = record("hls", without_cameras());
  const std::string file = joined(*recording);
  expect_audio_and_video(file, "aac", kShort);
  expect_black(file, kShort, kShort);
}

// Sentences end at 2, 4.5, 7 and 9.5 s, and the first one begins at 0.2 s. The meeting begins later
// than the pipeline: both files count from the pipeline.
void check_audio_text() {
  constexpr int kRefusals = 2;  // the second attempt follows at once, the third after a second
  const auto recording = record("audio-text", eventful(), all_media(), kRefusals);
  const std::string sound = recording->file("meeting.ogg");
  expect_playable(sound);
  const auto tracks = tracks_of(sound);
  expect_text(tracks.at("audio").codec, "opus");
  expect_length(sound, "audio", kLength);
  const Track text = tracks_of(recording->file("meeting.vtt")).at("subtitle");
  ck_assert_int_eq(text.packets, 4);
  const std::vector<double> beeps = beeps_of(sound);
  ck_assert_uint_ge(beeps.size(), 9);
  expect_near("text", text.first - beeps.back(), 0.2 - 11, 0.05);
}

// One place of the picture as a file of its own.
std::string place(const RecipeRun &recording, const char *crop, const char *name) {
  const std::string from = recording.file("meeting.mkv"), to = recording.file(name);
  run({"ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", from.c_str(), "-vf", crop, "-fps_mode",
       "passthrough", "-enc_time_base", "1:1000", "-c:v", "ffv1", "-c:a", "copy", to.c_str()});
  return to;
}

void check_beside(const char *recipe) {
  const auto recording = record(recipe, eventful());
  const std::string file = recording->file("meeting.mkv");
  expect_audio_and_video(file, "pcm_s16le", kLength);
  expect_constant_rate(file, 50);
  expect_black(file, kShareOff, kLength, "crop=640:360:0:0,");
  const std::string camera = place(*recording, "crop=320:180:640:90", "camera.mkv");
  expect_black(camera, kCameraOff, kLength);
  expect_in_sync(flash_beep(camera), kClose, 5);
}

void check_screen_beside_by_hand() {
  check_beside("screen-beside-by-hand");
}

void check_screen_beside() {
  check_beside("screen-beside");
}

void check_screen_instead() {
  const auto recording = record("screen-instead", eventful());
  const std::string file = recording->file("meeting.mkv");
  expect_audio_and_video(file, "pcm_s16le", kLength);
  expect_constant_rate(file, 50);
  expect_black(file, kSlate, kLength, kMiddle);
  expect_corner_in_sync(file, kClose, 6);
}

struct Check {
  const char *recipe;
  std::vector<void (*)()> runs;
};
const Check kChecks[] = {
    {"listen", {check_listen}},
    {"record",
     {check_record, check_record_without_cameras, check_record_without_transcript,
      check_record_without_video}},
    {"mp4", {check_mp4, check_mp4_without_cameras, check_mp4_without_video, check_mp4_killed}},
    {"mp4-transcode",
     {check_mp4_transcode, check_mp4_transcode_without_cameras, check_mp4_transcode_killed}},
    {"speakers", {check_speakers, check_speakers_missing, check_speakers_without_transcript}},
    {"rtmp", {check_rtmp, check_rtmp_without_cameras}},
    {"rtmp-by-hand", {check_rtmp_by_hand}},
    {"rebroadcast", {check_rebroadcast}},
    {"srt", {check_srt}},
    {"hls", {check_hls, check_hls_without_cameras}},
    {"audio-text", {check_audio_text, check_audio_without_transcript}},
    {"screen-beside", {check_screen_beside}},
    {"screen-beside-by-hand", {check_screen_beside_by_hand}},
    {"screen-instead", {check_screen_instead}},
};

// The checks' runs, one after the other.
std::vector<void (*)()> all_runs() {
  std::vector<void (*)()> all;
  for (const Check &check : kChecks)
    all.insert(all.end(), check.runs.begin(), check.runs.end());
  return all;
}

}  // namespace

GST_START_TEST(test_run) {
  all_runs()[static_cast<std::size_t>(__i__)]();
}
GST_END_TEST;

// A recipe without a check is as wrong as a check without its recipe.
GST_START_TEST(test_all_checked) {
  auto recipes = documented_recipes();
  for (const Check &check : kChecks)
    ck_assert_msg(recipes.erase(check.recipe) == 1, "no recipe is called %s", check.recipe);
  for (const auto &[name, script] : recipes)
    ck_abort_msg("nothing checks recipe %s:\n%s", name.c_str(), script.c_str());
}
GST_END_TEST;

static Suite *recipes_suite() {
  constexpr double kPatienceSeconds = 90;
  Suite *suite = suite_create("recipes");
  TCase *documents = tcase_create("documents");
  tcase_add_test(documents, test_all_checked);
  suite_add_tcase(suite, documents);
  int first = 0;
  for (const Check &check : kChecks) {
    TCase *runs = tcase_create(check.recipe);
    tcase_set_timeout(runs, kPatienceSeconds);
    const int end = first + static_cast<int>(check.runs.size());
    tcase_add_loop_test(runs, test_run, first, end);
    first = end;
    suite_add_tcase(suite, runs);
  }
  return suite;
}

GST_CHECK_MAIN(recipes)

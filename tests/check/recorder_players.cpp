// SPDX-License-Identifier: LGPL-2.1-or-later
// Each kind of file that rtms-recorder writes, in the programs with which people play it.
#include <fstream>
#include <set>
#include <sstream>

#include "players.h"
#include "recorder_run.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 7000;
constexpr char kJpeg[] = R"({"video":{"codec":5,"fps":5},"deskshare":{"codec":5,"fps":5}})";
constexpr char kPng[] = R"({"video":{"codec":6,"fps":5},"deskshare":{"codec":6,"fps":5}})";

// The camera is another one for a while, with another codec or size, and nobody has said so.
class Switching : public MediaSource {
 public:
  Switching(const MeetingOptions &options, Span other, const char *params)
      : main_(make_meeting(options)),
        second_(make_meeting(options)),
        other_(other),
        params_(params) {}
  void negotiated(Media m, const std::string &params) override {
    main_->negotiated(m, params);
    if (m == Media::Video)
      second_->negotiated(m, params_);
  }
  bool next_event(EventItem &item, int64_t &due_ms) override {
    return main_->next_event(item, due_ms);
  }
  bool next(Media m, MediaItem &item, int64_t &due_ms) override {
    if (m != Media::Video)
      return main_->next(m, item, due_ms);
    if (!switched_) {
      if (main_->next(m, item, due_ms) && due_ms < other_.from_ms)
        return true;
      switched_ = true;
      while (second_->next(m, item, due_ms))
        if (due_ms >= other_.from_ms)
          return true;
    }
    if (!back_ && second_->next(m, item, due_ms) && due_ms < other_.to_ms)
      return true;
    if (!back_) {
      back_ = true;
      while (main_->next(m, item, due_ms))
        if (due_ms >= other_.to_ms)
          return true;
      return false;
    }
    return main_->next(m, item, due_ms);
  }

 private:
  const std::unique_ptr<MediaSource> main_, second_;
  const Span other_;
  const char *const params_;
  bool switched_ = false, back_ = false;
};

MeetingOptions without_video() {
  MeetingOptions options;
  options.off[Media::Video] = {{0, 10 * kLengthMs}};
  return options;
}

Config granting(const std::string &params) {
  Config config = meeting_of(kLengthMs);
  config.negotiate = params;
  return config;
}

Config switching(const char *params, const MeetingOptions &options = {}) {
  MeetingOptions meeting = options;
  meeting.duration_ms = kLengthMs;
  Config config;
  config.source = std::make_shared<Switching>(meeting, Span{2000, 3500}, params);
  return config;
}
constexpr char kOtherCodec[] =
    R"({"content_type":3,"codec":5,"resolution":1,"fps":5,"data_opt":3})";
constexpr char kOtherSize[] = R"({"content_type":3,"codec":5,"resolution":2,"fps":5,"data_opt":3})";

// A size twice as high, or a camera that is on late.
Config jpegs(bool late) {
  MeetingOptions options;
  if (late)
    options.off[Media::Video] = {{0, 2000}};
  Config config = late ? meeting_of(kLengthMs, options) : switching(kOtherSize);
  config.negotiate = kJpeg;
  return config;
}

std::set<std::string> sizes_of(const std::string &file) {
  const Output output = run({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                             "frame=width,height", "-of", "csv=p=0:s=x", file.c_str()});
  std::istringstream lines(output.out);
  std::set<std::string> sizes;
  for (std::string line; std::getline(lines, line);)
    sizes.insert(line);
  return sizes;
}

struct Kind {
  std::vector<std::string> options;
  Config config = meeting_of(kLengthMs);
  bool video = true;
};

// Meetings that are recorded at the same time.
class Recordings {
 public:
  explicit Recordings(std::vector<Kind> kinds) {
    for (Kind &kind : kinds) {
      servers_.push_back(serve(std::move(kind.config)));
      kind.options.insert(kind.options.end(), {"--video-resolution=sd"});
      runs_.push_back(std::make_unique<RecorderRun>(kind.options));
      runs_.back()->url();
    }
    for (std::size_t i = 0; i < runs_.size(); i++)
      runs_[i]->announce(*servers_[i]);
    for (std::size_t i = 0; i < runs_.size(); i++) {
      RecorderRun &run = *runs_[i];
      run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
      const bool mp4 = kinds[i].options[0] == "--format=mp4";
      Played one{run.only_folder() + (mp4 ? "/meeting.mp4" : "/meeting.mkv"), 0, kinds[i].video};
      one.length = tracks_of(one.file).at("audio").end;
      ck_assert_msg(one.length >= kLengthMs / 1000.0 - 0.1, "%s: %f s", one.file.c_str(),
                    one.length);
      all.push_back(one);
    }
  }
  ~Recordings() {
    for (const auto &run : runs_)
      run->program().send(SIGTERM);
    for (const auto &run : runs_)
      run->program().wait(kDeadlineMs);
  }
  Recordings(const Recordings &) = delete;
  Recordings &operator=(const Recordings &) = delete;

  std::vector<Played> all;

 private:
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<RecorderRun>> runs_;
};

void expect_all(const Recordings &recordings) {
  for (const Played &played : recordings.all) {
    expect_ffmpeg(played);
    expect_gstreamer(played);
    expect_mpv(played);
  }
}

void expect_codec(const Played &played, const char *track, const char *codec) {
  expect_text(tracks_of(played.file).at(track).codec, codec);
}

// By the time since the first of them.
int frames_between(const std::string &file, double from, double to) {
  const Output times = run({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                            "packet=pts_time", "-of", "csv=p=0", file.c_str()});
  const double first = tracks_of(file).at("video").first;
  std::istringstream lines(times.out);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const double time = g_ascii_strtod(line.c_str(), nullptr) - first;
    count += time >= from && time < to;
  }
  return count;
}

// Numbers of the box are big-endian: version 0, one channel, 312 samples to skip, 16000 Hz, no
// gain.
void expect_opus_box(const Played &played) {
  std::ifstream stream(played.file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  const std::string right("dOps\0\1\1\x38\0\0\x3e\x80\0\0\0", 15);
  const std::size_t at = all.find("dOps");
  ck_assert_msg(at != std::string::npos && all.compare(at, right.size(), right) == 0,
                "%s: PreSkip is read as %d", played.file.c_str(),
                at == std::string::npos ? -1 : GST_READ_UINT16_BE(all.data() + at + 6));
}

}  // namespace

GST_START_TEST(test_mkv) {
  const Recordings recordings({{{"--audio-codec=pcm", "--screen"}},
                               {{"--audio-codec=flac"}},
                               {{"--audio-codec=opus", "--speakers=1"}}});
  expect_all(recordings);
}
GST_END_TEST;

// No track of video, or one that is black: there, audio is all that players seek to.
GST_START_TEST(test_mkv_without_camera) {
  const Recordings recordings(
      {{{"--no-video", "--speakers=2"}, meeting_of(kLengthMs, without_video()), false},
       {{"--speakers=2"}, meeting_of(kLengthMs, without_video()), false}});
  expect_all(recordings);
  for (const Played &played : recordings.all) {
    const Output flags =
        run({"ffprobe", "-v", "error", "-show_entries", "packet=stream_index,pts_time,flags", "-of",
             "csv=p=0", played.file.c_str()});
    const std::size_t without = flags.out.find(",_");
    ck_assert_msg(without == std::string::npos, "%s: a packet without the flag: %s",
                  played.file.c_str(),
                  flags.out.substr(flags.out.rfind('\n', without) + 1, 40).c_str());
  }
}
GST_END_TEST;

GST_START_TEST(test_mp4) {
  const Recordings recordings(
      {{{"--format=mp4"}},
       {{"--format=mp4", "--no-video", "--speakers=1"}, meeting_of(kLengthMs), false}});
  for (const Played &played : recordings.all)
    expect_opus_box(played);
  expect_all(recordings);
  expect_browser(recordings.all);
}
GST_END_TEST;

// As it is in MKV, encoded again in MP4, which has neither.
GST_START_TEST(test_granted) {
  const Recordings recordings({{{"--format=mp4"}, granting(kJpeg)},
                               {{"--format=mkv", "--screen"}, granting(kJpeg)},
                               {{"--format=mkv"}, granting(kPng)}});
  expect_codec(recordings.all[0], "video", "h264");
  expect_codec(recordings.all[1], "video", "mjpeg");
  expect_codec(recordings.all[1], "video 1", "mjpeg");
  expect_codec(recordings.all[2], "video", "h264");
  for (const Played &played : recordings.all) {
    const auto tracks = tracks_of(played.file);
    constexpr int kFramesPerSecond = 5;
    ck_assert_int_ge(tracks.at("video").packets, kFramesPerSecond * (kLengthMs / 1000 - 1));
    expect_near("video", tracks.at("video").end, played.length, 0.5);
    expect_gstreamer(played);
  }
  expect_browser({recordings.all[0]});
}
GST_END_TEST;

// The service grants another codec of sound than was asked for: it is heard.
GST_START_TEST(test_granted_sound) {
  std::vector<Kind> kinds;
  for (const char *params : {R"("content_type":2,"codec":4,"sample_rate":3)",
                             R"("content_type":1,"codec":4,"sample_rate":3)",
                             R"("content_type":2,"codec":2,"sample_rate":0)",
                             R"("content_type":1,"codec":2,"sample_rate":0)",
                             R"("content_type":2,"codec":3,"sample_rate":1)",
                             R"("content_type":1,"codec":3,"sample_rate":1)"})
    kinds.push_back({{"--format=mkv"}, granting(std::string("{\"audio\":{") + params + "}}")});
  const Recordings recordings(std::move(kinds));
  for (const Played &played : recordings.all) {
    const FlashBeep found = flash_beep(played.file);
    expect_in_sync(found, 0.06, kLengthMs / 1000 - 1);
    ck_assert_uint_ge(found.beeps.size(), kLengthMs / 1000 - 1);
  }
}
GST_END_TEST;

// The header has one size; GStreamer 1.26 takes frames of half the height for interlaced ones.
GST_START_TEST(test_jpeg_sizes) {
  const Recordings recordings({{{"--format=mkv"}, jpegs(false)}, {{"--format=mkv"}, jpegs(true)}});
  const char *const sizes[] = {"640x360", "1280x720"};
  for (std::size_t i = 0; i < recordings.all.size(); i++) {
    const Played &played = recordings.all[i];
    ck_assert_msg(sizes_of(played.file) == std::set<std::string>{sizes[i]}, "%s: %s and %zu more",
                  played.file.c_str(), sizes_of(played.file).begin()->c_str(),
                  sizes_of(played.file).size() - 1);
    expect_codec(played, "video", "mjpeg");
    expect_gstreamer(played);
    expect_ffmpeg(played);
  }
  ck_assert_int_ge(frames_between(recordings.all[0].file, 2.1, 3.4), 6);
}
GST_END_TEST;

// Muxers wait for each track, and the service sends nothing while a camera is off: the file goes on
// with black pictures, a few.
GST_START_TEST(test_jpeg_off) {
  // The size is not known before the first frame.
  constexpr int64_t kOff_ms = 16000;
  constexpr Span kSpans[] = {{0, 12000}, {1000, kOff_ms}};
  constexpr int kPacket_ms = 20;
  const std::vector<std::string> formats = {"mkv", "mp4"};
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::unique_ptr<RecorderRun>> runs;
  for (const std::string &format : formats) {
    MeetingOptions options;
    options.off[Media::Video] = {kSpans[servers.size()]};
    options.off[Media::Deskshare] = {{0, 60000}};
    Config config = meeting_of(kOff_ms + 2000, options);
    config.negotiate = kJpeg;
    config.keep_alive_ms = 1000;  // the connection is not lost
    servers.push_back(serve(std::move(config)));
    // FLAC begins with headers without a time; there is no share at all.
    runs.push_back(std::make_unique<RecorderRun>(
        std::vector<std::string>{"--format=" + format, "--video-resolution=sd", "--screen",
                                 format == "mkv" ? "--audio-codec=flac" : "--audio-codec=opus"}));
    runs.back()->announce(*servers.back());
  }
  for (size_t i = 0; i < formats.size(); i++) {
    const std::string file_name = "/meeting." + formats[i];
    RecorderRun &run = *runs[i];
    run.wait_messages(*servers[i], "audio", 5000 / kPacket_ms);
    // GAPs wait for five seconds, in which media may be late.
    run.wait_messages(*servers[i], "audio", 11500 / kPacket_ms);
    const double meanwhile = tracks_of(run.only_folder() + file_name).at("audio").end;
    ck_assert_msg(meanwhile > 3, "%s: the audio ends at %f s", file_name.c_str(), meanwhile);
  }
  for (size_t i = 0; i < formats.size(); i++) {
    RecorderRun &run = *runs[i];
    run.wait_events("finished", 1, static_cast<int>(kOff_ms) + kDeadlineMs);
    const std::string file = run.only_folder() + "/meeting." + formats[i];
    const int black = frames_between(file, 1.5, 11.5),
              shown = frames_between(file, static_cast<double>(kSpans[i].to_ms) / 1000, 18);
    // The first frame of a track is black, and lasts until there is another one.
    ck_assert_msg(black <= 6 && (black >= 3 || kSpans[i].from_ms == 0), "%s: %d frames",
                  file.c_str(), black);
    ck_assert_msg(shown >= 4 * (18 - kSpans[i].to_ms / 1000), "%s: %d frames", file.c_str(), shown);
    expect_near("audio", tracks_of(file).at("audio").end, 18, 0.5);
    expect_near("video", tracks_of(file).at("video").end, 18, 0.5);
    run.program().send(SIGTERM);
    run.expect_end();
  }
}
GST_END_TEST;

// H.264, then JPEG of another size, then H.264: one track, without a pause.
GST_START_TEST(test_switching) {
  const Recordings recordings(
      {{{"--format=mp4"}, switching(kOtherCodec)}, {{"--format=mkv"}, switching(kOtherCodec)}});
  for (const Played &played : recordings.all) {
    // 25 frames per second, then 5, then 25 from the next keyframe on.
    const int before = frames_between(played.file, 0, 1.9),
              meanwhile = frames_between(played.file, 1.9, 3.4),
              afterwards = frames_between(played.file, 4.1, 6.1);
    g_print("%s: %d, %d and %d frames\n", played.file.c_str(), before, meanwhile, afterwards);
    ck_assert(before >= 45 && meanwhile >= 7 && meanwhile < 12 && afterwards >= 45);
    const auto tracks = tracks_of(played.file);
    expect_near("video", tracks.at("video").end, played.length, 0.5);
    expect_ffmpeg(played);
    expect_gstreamer(played);
  }
  expect_browser({recordings.all[0]});
}
GST_END_TEST;

static Suite *recorder_players_suite() {
  Suite *suite = suite_create("recorder_players");
  add_case(suite, "mkv", test_mkv);
  add_case(suite, "mkv-without-camera", test_mkv_without_camera);
  add_case(suite, "mp4", test_mp4);
  add_case(suite, "granted", test_granted);
  add_case(suite, "granted-sound", test_granted_sound);
  add_case(suite, "jpeg-sizes", test_jpeg_sizes);
  add_case(suite, "jpeg-off", test_jpeg_off);
  add_case(suite, "switching", test_switching);
  return suite;
}

GST_CHECK_MAIN(recorder_players)

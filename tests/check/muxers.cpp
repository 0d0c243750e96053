// SPDX-License-Identifier: LGPL-2.1-or-later
// Twenty seconds of next to nothing: the camera is on at the beginning and at the end, or never;
// nobody speaks for long; there is no transcript. Or the camera comes late, and then cameras of
// different sizes. No muxer waits for it, and with fill=black each leaves a file that is whole, has
// a picture to the end, and is decoded without a word, without an encoder.
#include <algorithm>
#include <filesystem>

#include "recording.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 20000, kLateMs = 12000;
// While nothing comes, time is known up to the latency and the interval of GAPs.
constexpr double kUncertain = 0.7;
// The last beep is a second before the end; an encoder rounds the end up.
constexpr double kAfterBeep = 1, kRoundedUp = 0.3;

#define PCM "src.audio ! queue ! "
#define MIXED "src.audio ! queue ! audiomixer latency=500000000 ! audioconvert ! audioresample ! "
#define OPUS MIXED "opusenc ! queue ! "
#define AAC MIXED "audio/x-raw,rate=48000 ! avenc_aac ! queue ! "
#define COPIED(format) "src.video ! queue ! h264parse config-interval=-1 ! " format " ! "
#define AVC3 "video/x-h264,stream-format=avc3"
// As in the recipe: mp4mux assigns frames to the wrong description where the caps change.
#define ONE_SIZE                                    \
  "capssetter join=false replace=true caps=\"" AVC3 \
  ",alignment=au,width=640,height=360,codec_data=(buffer)0142c01effe000\" ! "
struct Muxer {
  const char *name;
  std::string description;
  const char *file;
};

// What follows is linked to mux, whose folder the test adds.
const std::string kMatroska = PCM
    "mux.audio_0 src.transcript ! queue ! mux.subtitle_0 "
    "matroskamux name=mux ! filesink name=out";
const std::string kMp4 = OPUS
    "mux.audio_0 mp4mux name=mux reserved-max-duration=3600000000000 "
    "reserved-moov-update-period=1000000000 ! filesink name=out";
// Only when it streams does flvmux wait for the later of its inputs.
const std::string kFlv =
    AAC "mux.audio flvmux name=mux streamable=true latency=500000000 ! filesink name=out";
const std::string kTs = AAC "mux.sink_257 mpegtsmux name=mux ! filesink name=out";
const std::string kSplit =
    OPUS "mux.audio_0 splitmuxsink name=mux muxer-factory=matroskamux max-size-time=5000000000";
const std::string kHls = AAC
    "mux.audio hlssink2 name=mux target-duration=5 playlist-length=0 "
    "max-files=0";

const Muxer kMuxers[] = {
    {"matroskamux", COPIED(AVC3) "mux.video_0 " + kMatroska, "out.mkv"},
    {"mp4mux", COPIED(AVC3) ONE_SIZE "mux.video_0 " + kMp4, "out.mp4"},
    {"flvmux", COPIED("video/x-h264,stream-format=avc") "mux.video " + kFlv, "out.flv"},
    {"mpegtsmux", COPIED("video/x-h264,stream-format=byte-stream") "mux.sink_256 " + kTs, "out.ts"},
    {"splitmuxsink", COPIED(AVC3) "mux.video " + kSplit, "out%02d.mkv"},
    {"hlssink2", COPIED("video/x-h264,stream-format=byte-stream") "mux.video " + kHls, "out.m3u8"},
};
MeetingOptions quiet_meeting(bool camera) {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  options.off[Media::Video] = {{camera ? 2000 : 0, camera ? 17000 : 2 * kLengthMs}};
  options.off[Media::Audio] = {{5000, 15000}};
  options.off[Media::Transcript] = {{0, 2 * kLengthMs}};
  return options;
}
MeetingOptions late_meeting() {
  MeetingOptions options;
  options.duration_ms = kLateMs;
  options.sizes_differ = true;
  options.off[Media::Video] = {{0, 3000}, {7000, 8500}};
  options.off[Media::Transcript] = {{0, 2 * kLateMs}};
  return options;
}

class Recording {
 public:
  Recording(const Muxer &muxer, const MeetingOptions &meeting)
      : muxer_(muxer),
        server_(start(meeting)),
        pipeline_(parse_launch(("rtmssrc name=src video-resolution=sd fill=black "
                                "media-types=audio+video+transcript " +
                                muxer.description)
                                   .c_str())) {
    ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "src"));
    g_object_set(src.get(), "webhook", server_->webhook_json().c_str(), "client-id", "test-client",
                 "client-secret", "test-secret", "timeout", kDeadlineMs, nullptr);
    set_location();
    ck_assert_int_ne(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING),
                     GST_STATE_CHANGE_FAILURE);
  }

  void wait_end(int64_t deadline_us) {
    const int64_t left_us = std::max<int64_t>(deadline_us - g_get_monotonic_time(), 0);
    BusPtr bus(gst_element_get_bus(pipeline_.get()));
    MessagePtr message(gst_bus_timed_pop_filtered(
        bus.get(), static_cast<GstClockTime>(left_us) * GST_USECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
    ck_assert_msg(message != nullptr, "%s: no end", muxer_.name);
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_EOS) {
      Failure failure = failure_of(message.get());
      ck_abort_msg("%s: %s: %s", muxer_.name, failure.text.c_str(), failure.debug.c_str());
    }
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    expect_no_violations(*server_);
  }

  const char *name() const { return muxer_.name; }
  // One, or the parts.
  std::vector<std::string> files() const {
    const std::string file = directory_.file(muxer_.file);
    if (file.find('%') == std::string::npos)
      return {file};
    std::vector<std::string> parts;
    for (const auto &entry : std::filesystem::directory_iterator(directory_.path()))
      parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    return parts;
  }

 private:
  static std::unique_ptr<Server> start(const MeetingOptions &meeting) {
    constexpr int kKeepAliveMs = 3500;  // no divisor of a length: no answer is late at the end
    Config config;
    config.keep_alive_ms = in_real_time() ? kKeepAliveMs : kRareKeepAliveMs;
    config.source = make_meeting(meeting);
    return serve(std::move(config));
  }

  void set_location() {
    ElementPtr out(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "out"));
    ElementPtr mux(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "mux"));
    const std::string file = directory_.file(muxer_.file);
    if (g_str_has_suffix(muxer_.file, ".m3u8"))
      g_object_set(mux.get(), "playlist-location", file.c_str(), "location",
                   directory_.file("segment%05d.ts").c_str(), nullptr);
    else
      g_object_set(out ? out.get() : mux.get(), "location", file.c_str(), nullptr);
  }

  const Muxer &muxer_;
  TemporaryDirectory directory_;
  std::unique_ptr<Server> server_;
  ElementPtr pipeline_;
};

double end_of(const std::map<std::string, Track> &tracks, const std::string &name) {
  auto found = tracks.find(name);
  if (found == tracks.end() || found->second.packets == 0)
    return 0;
  double start = INFINITY;
  for (const auto &[other, track] : tracks)
    start = std::min(start, track.first);
  return found->second.end - start;
}

struct Buffers {
  int all = 0, empty = 0;
};
// What comes out of a file.
Buffers buffers_of(const std::string &file, const std::string &elements) {
  ElementPtr pipeline = parse_launch(
      ("filesrc location=" + file + " ! " + elements + " ! fakesink name=sink signal-handoffs=true")
          .c_str());
  ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  Buffers buffers;
  const auto handoff = +[](GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
    static_cast<Buffers *>(data)->all++;
    static_cast<Buffers *>(data)->empty += gst_buffer_get_size(buffer) == 0;
  };
  g_signal_connect(sink.get(), "handoff", G_CALLBACK(handoff), &buffers);
  play(pipeline.get());
  return buffers;
}

// Some muxers of GStreamer 1.26 write GAPs as well.
void expect_no_empty_blocks(const std::string &file) {
  for (const std::string track : {"audio", "video", "subtitle"}) {
    const int count = buffers_of(file, "matroskademux name=demux demux." + track + "_0").empty;
    ck_assert_msg(count == 0, "%s: %d empty blocks", track.c_str(), count);
  }
}

// A playlist leads to the files of another muxer.
void expect_all_decoded(const std::string &file, int frames) {
  if (g_str_has_suffix(file.c_str(), ".m3u8"))
    return;
  const int decoded = buffers_of(file, "decodebin ! video/x-raw").all;
  ck_assert_msg(decoded == frames, "%s: %d of %d frames are decoded", file.c_str(), decoded,
                frames);
}

// The time of the last beep, from the start of the file.
double last_beep_of(const std::string &file) {
  std::string found = file;
  if (!contains(file, ".mkv")) {
    // MPEG-TS counts from an hour on: ffmpeg prints six digits of a time.
    found = file + ".mkv";
    run({"ffmpeg", "-nostdin", "-v", "error", "-y", "-i", file.c_str(), "-map", "0:a", "-c", "copy",
         found.c_str()});
  }
  const std::vector<double> beeps = beeps_of(found);
  return beeps.empty() ? -INFINITY : beeps.back() - start_of(tracks_of(found));
}

// The parts together are as long as the meeting, and the picture lasts to the end. What a mixer
// begins before the meeting ends with it.
void check(const Recording &recording, double length) {
  double audio = 0, video = 0, last = 0, beep = -INFINITY;
  for (const std::string &file : recording.files()) {
    if (in_real_time())
      expect_playable(file);
    const auto tracks = tracks_of(file);
    if (in_real_time())
      expect_all_decoded(file, tracks.at("video").packets);
    if (in_real_time())
      beep = std::max(beep, audio + last_beep_of(file));
    last = end_of(tracks, "audio");
    audio += last;
    video = end_of(tracks, "video");
  }
  g_print("%s: %.3f s of sound\n", recording.name(), audio);
  if (!in_real_time())
    return;
  ck_assert_msg(audio >= length - kUncertain, "%s: %f s", recording.name(), audio);
  const double after = audio - beep - kAfterBeep;
  ck_assert_msg(after >= -kUncertain && after <= kRoundedUp, "%s: %f s after the meeting's end",
                recording.name(), after);
  expect_near(recording.name(), video, last, kUncertain);
}

// All at once take as long as the meeting; under valgrind each has enough to do by itself.
void record_all(const MeetingOptions &meeting) {
  const std::size_t together = in_real_time() ? std::size(kMuxers) : 1;
  for (std::size_t at = 0; at < std::size(kMuxers); at += together) {
    std::vector<std::unique_ptr<Recording>> recordings;
    for (std::size_t i = at; i < at + together; i++)
      recordings.push_back(std::make_unique<Recording>(kMuxers[i], meeting));
    const int64_t deadline_us = g_get_monotonic_time() + 1000 * (meeting.duration_ms + kDeadlineMs);
    for (const auto &recording : recordings)
      recording->wait_end(deadline_us);
    for (const auto &recording : recordings) {
      check(*recording, static_cast<double>(meeting.duration_ms) / 1000);
      if (contains(recording->name(), "matroska"))
        expect_no_empty_blocks(recording->files()[0]);
    }
  }
}

}  // namespace

GST_START_TEST(test_camera_off) {
  record_all(quiet_meeting(true));
}
GST_END_TEST;

GST_START_TEST(test_camera_never) {
  record_all(quiet_meeting(false));
}
GST_END_TEST;

GST_START_TEST(test_camera_late) {
  record_all(late_meeting());
}
GST_END_TEST;

static Suite *muxers_suite() {
  constexpr double kPatienceSeconds = 110;
  Suite *suite = suite_create("muxers");
  const auto add = [suite](const char *name, TFun test) {
    TCase *one = tcase_create(name);
    tcase_set_timeout(one, kPatienceSeconds);
    tcase_add_test(one, test);
    suite_add_tcase(suite, one);
  };
  add("camera-off", test_camera_off);
  add("camera-never", test_camera_never);
  add("camera-late", test_camera_late);
  return suite;
}

GST_CHECK_MAIN(muxers)

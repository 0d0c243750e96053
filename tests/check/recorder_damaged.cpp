// SPDX-License-Identifier: LGPL-2.1-or-later
// A track whose H.264 is damaged, beside a good one and audio: the file is whole.
#include "changedmeeting.h"
#include "media/blackframe.h"
#include "muxing/mp4boxes.h"
#include "muxing/videotrack.h"
#include "muxing/waiting.h"
#include "recorder_run.h"

#include <fcntl.h>
#include <gst/app/gstappsrc.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>

namespace {

using namespace rtmscheck;
using rtms::BlackFrames;
using rtms::BufferPtr;
using rtms::recorder::VideoTrack;

constexpr int kFrames = 14, kFramesPerSecond = 2;
constexpr GstClockTime kFrame = GST_SECOND / kFramesPerSecond;
constexpr char kCaps[] = "video/x-h264,stream-format=byte-stream,alignment=au,framerate=2/1";
constexpr size_t kAud = 6, kSps = 4 + kAud;  // where the SPS of a black keyframe begins

// As large as those that a track begins with: its caps stay.
Bytes black_keyframe() {
  const BufferPtr buffer = BlackFrames().next({1280, 720, ""});
  Bytes bytes(gst_buffer_get_size(buffer.get()));
  gst_buffer_extract(buffer.get(), 0, bytes.data(), bytes.size());
  return bytes;
}

// Not even its profile can be read.
Bytes bad_sps() {
  Bytes bytes = black_keyframe();
  std::fill_n(bytes.begin() + kSps + 1, 7, 1);
  return bytes;
}

// From the PPS on, or from the IDR slice on.
Bytes from(uint8_t header) {
  const Bytes bytes = black_keyframe();
  const Bytes start = {0, 0, 0, 1, header};
  return {std::search(bytes.begin(), bytes.end(), start.begin(), start.end()), bytes.end()};
}

struct Setup {
  bool mp4 = false;
  int frames = kFrames;
  std::function<Bytes(int)> share = {};
};

class Muxing {
 public:
  explicit Muxing(const Setup &setup)
      : file_(directory_.file(setup.mp4 ? "out.mp4" : "out.mkv")),
        pipeline_(parse_launch(
            (std::string(setup.mp4 ? "mp4mux fragment-duration=2000" : "matroskamux") +
             " name=mux ! filesink name=file location=" + file_ +
             " audiotestsrc samplesperbuffer=960 num-buffers=" +
             std::to_string(50 * setup.frames / kFramesPerSecond) +
             " ! audio/x-raw,rate=48000 ! opusenc ! queue max-size-time=0 max-size-bytes=0 "
             "max-size-buffers=0 ! mux.audio_0")
                .c_str())) {
    rtms::ElementPtr mux(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "mux"));
    rtms::recorder::go_on_at_gaps(mux.get());
    for (const char *name : {"video", "screen"}) {
      GstElement *source = gst_element_factory_make("appsrc", nullptr);
      const rtms::CapsPtr caps(gst_caps_from_string(kCaps));
      g_object_set(source, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "caps", caps.get(),
                   nullptr);
      const rtms::ElementPtr track =
          VideoTrack::make(name, caps.get(), !setup.mp4, VideoTrack::Source::Live);
      gst_bin_add_many(GST_BIN(pipeline_.get()), source, GST_ELEMENT(gst_object_ref(track.get())),
                       nullptr);
      ck_assert(gst_element_link(source, track.get()));
      ck_assert(gst_element_link_pads(track.get(), "src", mux.get(), "video_%u"));
      for (int i = 0; i < setup.frames; i++)
        push(GST_APP_SRC(source), i, *name == 's' ? setup.share(i) : black_keyframe());
      gst_app_src_end_of_stream(GST_APP_SRC(source));
    }
  }

  // Plays to the end. Returns the warnings.
  std::string play() {
    std::string warnings;
    rtms::BusPtr bus(gst_element_get_bus(pipeline_.get()));
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    for (;;) {
      const MessagePtr message(gst_bus_timed_pop_filtered(
          bus.get(), kDeadlineMs * GST_MSECOND,
          static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
      ck_assert_msg(message != nullptr, "no end");
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
        break;
      const Failure failure = failure_of(message.get());
      ck_assert_msg(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING, "%s: %s",
                    failure.text.c_str(), failure.debug.c_str());
      warnings += failure.text + "\n";
    }
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    return warnings;
  }

  const std::string &file() const { return file_; }

 private:
  static void push(GstAppSrc *source, int i, const Bytes &bytes) {
    GstBuffer *buffer = gst_buffer_new_memdup(bytes.data(), bytes.size());
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(i) * kFrame;
    gst_app_src_push_buffer(source, buffer);
  }

  TemporaryDirectory directory_;
  const std::string file_;
  ElementPtr pipeline_;
};

// The audio and the camera are whole; the share has so many frames at least, and can be decoded
// with `decodes`.
void expect_whole(const Setup &setup, int share, bool warns, bool decodes = false) {
  Muxing muxing(setup);
  const std::string warnings = muxing.play();
  ck_assert_msg(contains(warnings, "screen: no frame") == warns, "%s", warnings.c_str());
  ck_assert(!contains(warnings, "video:"));
  const auto tracks = tracks_of(muxing.file());
  expect_near("audio", tracks.at("audio").end, static_cast<double>(setup.frames) / kFramesPerSecond,
              0.1);
  ck_assert_int_eq(tracks.at("video").packets, setup.frames);
  g_print("%d frames of the share\n", tracks.at("video 1").packets);
  ck_assert_int_ge(tracks.at("video 1").packets, share);
  expect_playable(muxing.file(), "0:a");
  if (decodes)
    expect_playable(muxing.file(), "0:v:1");
}

const std::function<Bytes(int)> kDamaged[] = {
    [](int) { return bad_sps(); }, [](int) { return from(0x68); }, [](int) { return from(0x65); }};

// No parameter set of the share can be read.
bool damage_share(Media media, MediaItem &item, int64_t &) {
  if (media == Media::Deskshare)
    item.payload = bad_sps();
  return true;
}

}  // namespace

GST_START_TEST(test_damaged) {
  for (bool mp4 : {false, true})
    for (const auto &share : kDamaged)
      expect_whole({mp4, kFrames, share}, 1, true);
}
GST_END_TEST;

// It ends before it is known to be damaged.
GST_START_TEST(test_short) {
  for (bool mp4 : {false, true})
    expect_whole({mp4, kFramesPerSecond, kDamaged[0]}, 1, true);
}
GST_END_TEST;

// What can be decoded later is in the file, and a damaged frame in between does no harm.
GST_START_TEST(test_mended) {
  constexpr int kMended = 12;
  for (bool mp4 : {false, true}) {
    expect_whole({mp4, kFrames, [](int i) { return i < kMended ? bad_sps() : black_keyframe(); }},
                 1 + kFrames - kMended, true, true);
    expect_whole({mp4, kFrames, [](int i) { return i == kMended ? bad_sps() : black_keyframe(); }},
                 kFrames - 1, false);
  }
}
GST_END_TEST;

// The file is written while the meeting goes on.
GST_START_TEST(test_meeting) {
  MeetingOptions options;
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::unique_ptr<RecorderRun>> runs;
  for (const char *format : {"--format=mkv", "--format=mp4"}) {
    Config config = meeting_of(0);
    config.source = std::make_shared<ChangedMeeting>(options, damage_share);
    servers.push_back(serve(std::move(config)));
    runs.push_back(std::make_unique<RecorderRun>(
        std::vector<std::string>{"--screen", "--video-resolution=sd", format}));
    runs.back()->announce(*servers.back());
  }
  for (const auto &run : runs) {
    run->wait_events("warning", 1, 2 * kDeadlineMs);
    const std::string name = run == runs[0] ? "/meeting.mkv" : "/meeting.mp4";
    ck_assert(run->program().wait_until([&] { return size_of(run->only_folder() + name) > 0; }));
    ck_assert(run->events("finished").empty());
  }
  for (const auto &server : servers)
    server->end_stream(6);
  for (const auto &run : runs) {
    const std::string name = run == runs[0] ? "/meeting.mkv" : "/meeting.mp4";
    run->wait_events("finished", 1);
    const auto warnings = run->events("warning");
    ck_assert(std::any_of(warnings.begin(), warnings.end(), [](const std::string &warning) {
      return contains(warning, "screen: no frame");
    }));
    expect_text(report_of(run->only_folder(), "state"), "finished");
    const auto tracks = tracks_of(run->only_folder() + name);
    expect_near("audio", tracks.at("audio").end, tracks.at("video").end, 0.5);
    ck_assert_int_ge(tracks.at("video").packets, 100);
    ck_assert_int_ge(tracks.at("video 1").packets, 1);
    run->program().send(SIGTERM);
    run->expect_end();
  }
}
GST_END_TEST;

// Players refuse a file with a track that is not described, or without a header.
GST_START_TEST(test_unplayable) {
  using rtms::recorder::Mp4Boxes;
  const TemporaryDirectory directory;
  const auto problem_of = [&](const std::string &content) {
    const std::string path = directory.file("file");
    ck_assert(g_file_set_contents(path.c_str(), content.data(), static_cast<gssize>(content.size()),
                                  nullptr));
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const std::string problem = Mp4Boxes::problem_of(fd);
    close(fd);
    return problem;
  };
  const auto box = [](const std::string &type, const std::string &content) {
    const std::size_t size = content.size() + 8;
    return std::string{0, 0, static_cast<char>(size >> 8), static_cast<char>(size)} + type +
           content;
  };
  const auto track = [&](char descriptions) {
    const std::string stsd = box("stsd", {0, 0, 0, 0, 0, 0, 0, descriptions});
    return box("trak", box("tkhd", "") + box("mdia", box("minf", box("stbl", stsd))));
  };
  const std::string start = box("ftyp", "iso5");
  expect_text(problem_of(start + box("moov", track(1) + track(1)) + box("moof", "")), "");
  ck_assert(contains(problem_of(start + box("moov", track(1) + track(0))), "description"));
  ck_assert(contains(problem_of(start + box("moov", box("mvhd", ""))), "description"));
  ck_assert(contains(problem_of(start + box("mdat", "abc")), "no header"));
  ck_assert(contains(problem_of(start + box("moov", track(1)).substr(0, 20)), "no header"));
  ck_assert(contains(problem_of(""), "no header"));
}
GST_END_TEST;

static Suite *recorder_damaged_suite() {
  Suite *suite = suite_create("recorder_damaged");
  add_case(suite, "damaged", test_damaged);
  add_case(suite, "short", test_short);
  add_case(suite, "mended", test_mended);
  add_case(suite, "meeting", test_meeting);
  add_case(suite, "unplayable", test_unplayable);
  return suite;
}

GST_CHECK_MAIN(recorder_damaged)

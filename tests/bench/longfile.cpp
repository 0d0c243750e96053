// SPDX-License-Identifier: LGPL-2.1-or-later
// A meeting of RTMS_HOURS in MKV and in MP4, at the speed of the machine: are lengths right, is
// audio decoded at both ends, and how much memory does it take? With the muxers' settings of the
// recorder, and what it mends.
#include <fstream>
#include <sstream>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "muxing/mkvindex.h"
#include "muxing/mp4boxes.h"
#include "recording.h"

namespace {

using namespace rtmscheck;
using Units = std::vector<GstBuffer *>;

constexpr GstClockTime kFrame = 40 * GST_MSECOND, kPacket = 20 * GST_MSECOND;
constexpr unsigned kAudioTracks = 2;

double megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      double kilobytes = 0;
      status >> kilobytes;
      return kilobytes / 1024;
    }
  return 0;
}

// What an encoder makes of two seconds, to be repeated.
Units encoded(const char *description, GstCaps **caps) {
  ElementPtr pipeline = parse_launch(description);
  ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  Units units;
  while (GstSample *sample = gst_app_sink_pull_sample(GST_APP_SINK(sink.get()))) {
    units.push_back(gst_buffer_ref(gst_sample_get_buffer(sample)));
    if (!*caps)
      *caps = gst_caps_ref(gst_sample_get_caps(sample));
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return units;
}

void push(GstElement *src, const Units &units, uint64_t number, GstClockTime length) {
  GstBuffer *buffer = gst_buffer_copy(units[number % units.size()]);
  GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = number * length;
  GST_BUFFER_DURATION(buffer) = length;
  gst_app_src_push_buffer(GST_APP_SRC(src), buffer);
}

struct Loops {
  GstCaps *video_caps = nullptr, *audio_caps = nullptr;
  Units video = encoded(
      "videotestsrc num-buffers=50 ! video/x-raw,width=160,height=90,framerate=25/1 ! x264enc "
      "tune=zerolatency "
      "key-int-max=50 ! h264parse config-interval=-1 ! "
      "video/x-h264,stream-format=avc3,alignment=au ! appsink "
      "name=sink sync=false",
      &video_caps);
  Units audio = encoded(
      "audiotestsrc num-buffers=100 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1 ! "
      "opusenc ! appsink "
      "name=sink sync=false",
      &audio_caps);
};

ElementPtr source(GstElement *pipeline, GstElement *mux, const char *templ, GstCaps *caps,
                  const std::shared_ptr<rtms::recorder::Mp4Boxes> &boxes) {
  ElementPtr src(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("appsrc", nullptr))));
  // The queue holds seconds of media, so that threads change less often.
  constexpr guint64 kBytes = 2 << 20;
  g_object_set(src.get(), "format", GST_FORMAT_TIME, "block", TRUE, "max-bytes", kBytes, "caps",
               caps, nullptr);
  gst_bin_add(GST_BIN(pipeline), GST_ELEMENT(gst_object_ref(src.get())));
  GstPad *entry = gst_element_request_pad_simple(mux, templ),
         *exit = gst_element_get_static_pad(src.get(), "src");
  if (boxes)
    rtms::recorder::Mp4Boxes::add_track(boxes, entry);
  gst_pad_link(exit, entry);
  gst_object_unref(entry);
  gst_object_unref(exit);
  return src;
}

void expect_ends(const std::string &file, double seconds) {
  const Output lengths = run({"ffprobe", "-v", "error", "-show_entries", "format=duration", "-of",
                              "csv=p=0", file.c_str()});
  expect_near("length", g_ascii_strtod(lengths.out.c_str(), nullptr), seconds, 0.1);
  for (const double from : {0.0, seconds - 10}) {
    const std::string seek = std::to_string(from);
    const Output frames =
        run({"ffmpeg", "-nostdin", "-v", "error", "-ss", seek.c_str(), "-i", file.c_str(), "-t",
             "10", "-map", "0:a:1", "-ar", "1000", "-ac", "1", "-f", "framecrc", "-"});
    double samples = 0;
    std::istringstream lines(frames.out);
    for (std::string line; std::getline(lines, line);) {
      long long size = 0;
      if (std::sscanf(line.c_str(), "0, %*d, %*d, %*d, %lld", &size) == 1)
        samples += static_cast<double>(size) / 2;
    }
    expect_near("decoded audio", samples / 1000, 10, 0.1);
  }
}

void write(const Loops &media, bool mp4, double hours) {
  TemporaryDirectory directory;
  const std::string file = directory.file(mp4 ? "long.mp4" : "long.mkv");
  ElementPtr pipeline =
      parse_launch(((mp4 ? "mp4mux name=mux fragment-duration=2000"
                         : "matroskamux name=mux max-cluster-duration=2000000000 "
                           "min-index-interval=9223372036854775807") +
                    std::string(" ! filesink name=file async=false location=") + file)
                       .c_str());
  ElementPtr mux(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mux"));
  GstPad *muxed = gst_element_get_static_pad(mux.get(), "src");
  std::shared_ptr<rtms::recorder::Mp4Boxes> boxes;
  if (mp4)
    boxes = rtms::recorder::Mp4Boxes::attach(muxed);
  else
    rtms::recorder::MkvIndex::attach(muxed, nullptr);
  gst_object_unref(muxed);
  ElementPtr video = source(pipeline.get(), mux.get(), "video_%u", media.video_caps, boxes);
  std::vector<ElementPtr> audio;
  for (unsigned track = 0; track < kAudioTracks; track++)
    audio.push_back(source(pipeline.get(), mux.get(), "audio_%u", media.audio_caps, boxes));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto packets = static_cast<uint64_t>(hours * 3600) * (GST_SECOND / kPacket);
  const uint64_t warm = packets / 10, hour = uint64_t{3600} * (GST_SECOND / kPacket);
  double before = 0;
  for (uint64_t i = 0; i < packets; i++) {
    if (i % (kFrame / kPacket) == 0)
      push(video.get(), media.video, i / (kFrame / kPacket), kFrame);
    for (const ElementPtr &src : audio)
      push(src.get(), media.audio, i, kPacket);
    if (i == warm)
      before = megabytes();
    if (i && i % hour == 0)
      g_print("%s: %d h of %.1f h, %.1f MB\n", mp4 ? "MP4" : "MKV", static_cast<int>(i / hour),
              hours, megabytes());
  }
  const double after = megabytes();
  gst_app_src_end_of_stream(GST_APP_SRC(video.get()));
  for (const ElementPtr &src : audio)
    gst_app_src_end_of_stream(GST_APP_SRC(src.get()));
  BusPtr bus(gst_element_get_bus(pipeline.get()));
  MessagePtr end(
      gst_bus_timed_pop_filtered(bus.get(), 300 * GST_SECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  ck_assert(end && GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  const double per_hour = (after - before) / (hours * 0.9);
  g_print(
      "%s: %.1f h, resident memory %.1f MB after a tenth, %.1f MB at the end: %.2f MB per hour\n",
      mp4 ? "MP4" : "MKV", hours, before, after, per_hour);
  constexpr double kMost = 10;
  ck_assert(per_hour <= kMost);
  expect_ends(file, hours * 3600);
  g_print("%s: the length is right, and audio is decoded at both ends\n", mp4 ? "MP4" : "MKV");
}

}  // namespace

GST_START_TEST(test_both) {
  const char *hours = g_getenv("RTMS_HOURS");
  const Loops media;
  for (const bool mp4 : {true, false})
    write(media, mp4, hours ? g_ascii_strtod(hours, nullptr) : 25);
}
GST_END_TEST;

static Suite *longfile_suite() {
  Suite *suite = suite_create("longfile");
  TCase *both = tcase_create("both");
  tcase_set_timeout(both, 0);
  tcase_add_test(both, test_both);
  suite_add_tcase(suite, both);
  return suite;
}

GST_CHECK_MAIN(longfile)

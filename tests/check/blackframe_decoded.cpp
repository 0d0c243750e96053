// SPDX-License-Identifier: LGPL-2.1-or-later
// Black frames (media/blackframe.h) in decoders: each pixel is black, and a camera may follow.
#include "media/blackframe.h"
#include "media/gstptr.h"

#include "pipeline.h"
#include "recording.h"

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <algorithm>

namespace {

using namespace rtmscheck;
using rtms::PictureSize;
using HarnessPtr = Ptr<GstHarness, gst_harness_teardown>;

constexpr int kBlack = 16, kNoColour = 128;

std::string bytes_of(GstBuffer *buffer) {
  ck_assert(buffer != nullptr);
  rtms::ReadMap map(buffer);
  return {reinterpret_cast<const char *>(map.data()), map.size()};
}

// A stream by its access units.
using Units = std::vector<std::string>;

// As they follow another picture.
Units black(rtms::BlackFrames *frames, PictureSize size, unsigned count) {
  Units units;
  frames->interrupt();
  for (unsigned number = 0; number < count; number++)
    units.push_back(bytes_of(frames->next(size).get()));
  return units;
}

// Two keyframes, and what repeats them.
constexpr unsigned kBlackFrames = rtms::BlackFrames::kKeyframeInterval + 2;

Units black(PictureSize size) {
  rtms::BlackFrames frames;
  return black(&frames, size, kBlackFrames);
}

// As a camera's encoder makes it.
Units camera(PictureSize size, unsigned frames) {
  rtmstest::Pipeline encoder("videotestsrc num-buffers=" + std::to_string(frames) +
                             " ! video/x-raw,format=I420,width=" + std::to_string(size.width) +
                             ",height=" + std::to_string(size.height) +
                             ",framerate=25/1 ! x264enc tune=zerolatency speed-preset=ultrafast "
                             "key-int-max=10 ! video/x-h264,stream-format=byte-stream ! "
                             "appsink name=sink");
  Units units;
  for (unsigned frame = 0; frame < frames; frame++) {
    rtmstest::SamplePtr sample = encoder.pull();
    ck_assert(sample != nullptr);
    units.push_back(bytes_of(gst_sample_get_buffer(sample.get())));
  }
  return units;
}

Units operator+(Units units, const Units &more) {
  units.insert(units.end(), more.begin(), more.end());
  return units;
}

bool plane_is(const GstVideoFrame *frame, unsigned component, int value) {
  auto line = static_cast<const guint8 *>(GST_VIDEO_FRAME_COMP_DATA(frame, component));
  for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, component); y++) {
    if (!std::all_of(line, line + GST_VIDEO_FRAME_COMP_WIDTH(frame, component),
                     [value](guint8 sample) { return sample == value; }))
      return false;
    line += GST_VIDEO_FRAME_COMP_STRIDE(frame, component);
  }
  return true;
}

void expect_black(GstBuffer *buffer, GstCaps *caps, PictureSize size) {
  GstVideoInfo info;
  GstVideoFrame frame;
  ck_assert(gst_video_info_from_caps(&info, caps));
  ck_assert_int_eq(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_I420);
  ck_assert_int_eq(GST_VIDEO_INFO_WIDTH(&info), size.width);
  ck_assert_int_eq(GST_VIDEO_INFO_HEIGHT(&info), size.height);
  ck_assert(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
  const bool is_black = plane_is(&frame, 0, kBlack) && plane_is(&frame, 1, kNoColour) &&
                        plane_is(&frame, 2, kNoColour);
  gst_video_frame_unmap(&frame);
  ck_assert_msg(is_black, "%dx%d is not black", size.width, size.height);
}

// Without a word. `decoded`: the pixels, if all are known.
void expect_ffmpeg_decodes(const Units &units, const std::string &decoded = {}) {
  TemporaryDirectory directory;
  const std::string from = directory.file("in.h264"), to = directory.file("out.yuv");
  std::string stream;
  for (const std::string &unit : units)
    stream += unit;
  ck_assert(g_file_set_contents(from.c_str(), stream.data(), static_cast<gssize>(stream.size()),
                                nullptr));
  Output output = run({"ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", from.c_str(),
                       "-fps_mode", "passthrough", "-f", "rawvideo", to.c_str()});
  ck_assert_msg(output.err.empty(), "ffmpeg: %.500s", output.err.c_str());
  char *data = nullptr;
  gsize size = 0;
  ck_assert(g_file_get_contents(to.c_str(), &data, &size, nullptr));
  CharPtr owned(data);
  ck_assert_msg(decoded.empty() || decoded == std::string(data, size), "ffmpeg: not black");
}

std::string black_pixels(PictureSize size) {
  const auto luma = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  return std::string(luma, static_cast<char>(kBlack)) +
         std::string(luma / 2, static_cast<char>(kNoColour));
}

}  // namespace

static const PictureSize sizes[] = {{16, 16},     {18, 34},     {320, 180},  {640, 360},
                                    {854, 480},   {1280, 720},  {1366, 768}, {1920, 1080},
                                    {2560, 1440}, {4096, 2304}, {1024, 32},  {32, 1024}};

GST_START_TEST(test_ffmpeg) {
  const PictureSize size = sizes[__i__];
  std::string pixels;
  for (unsigned number = 0; number < kBlackFrames; number++)
    pixels += black_pixels(size);
  expect_ffmpeg_decodes(black(size), pixels);
}
GST_END_TEST;

static const char *const decoders[] = {"avdec_h264", "openh264dec"};

// Each access unit comes out as a picture at once, as a live pipeline needs it.
class Decoder {
 public:
  explicit Decoder(const char *name)
      : name_(name), harness_(gst_harness_new_parse((std::string("h264parse ! ") + name).c_str())) {
    gst_harness_set_src_caps_str(harness_.get(),
                                 "video/x-h264,stream-format=byte-stream,alignment=au");
  }
  rtms::BufferPtr decode(const std::string &unit) {
    rtms::BufferPtr buffer(gst_buffer_new_allocate(nullptr, unit.size(), nullptr));
    gst_buffer_fill(buffer.get(), 0, unit.data(), unit.size());
    GST_BUFFER_PTS(buffer.get()) = GST_BUFFER_DTS(buffer.get()) = next_;
    ck_assert_int_eq(gst_harness_push(harness_.get(), buffer.release()), GST_FLOW_OK);
    rtms::BufferPtr picture(gst_harness_pull(harness_.get()));
    ck_assert_msg(picture != nullptr, "%s: nothing", name_);
    ck_assert_uint_eq(GST_BUFFER_PTS(picture.get()), next_);
    next_ += 40 * GST_MSECOND;
    return picture;
  }
  rtms::CapsPtr caps() { return rtms::CapsPtr(gst_pad_get_current_caps(harness_->sinkpad)); }

 private:
  const char *name_;
  HarnessPtr harness_;
  GstClockTime next_ = 0;
};

GST_START_TEST(test_gstreamer) {
  for (const PictureSize &size : sizes) {
    Decoder decoder(decoders[__i__]);
    for (const std::string &unit : black(size)) {
      rtms::BufferPtr picture = decoder.decode(unit);
      expect_black(picture.get(), decoder.caps().get(), size);
    }
  }
}
GST_END_TEST;

// Black first, a camera of another size or the same, black again, the camera again.
static const PictureSize cameras[] = {{640, 360}, {1280, 720}};

static Units with_camera(PictureSize size) {
  const PictureSize black_size{1280, 720};
  const Units shown = camera(size, 25);
  rtms::BlackFrames frames;
  return black(&frames, black_size, 1) + shown + black(&frames, black_size, kBlackFrames) + shown +
         black(&frames, size, 3) + black(&frames, size, 2);
}

GST_START_TEST(test_ffmpeg_with_camera) {
  expect_ffmpeg_decodes(with_camera(cameras[__i__]));
}
GST_END_TEST;

GST_START_TEST(test_gstreamer_with_camera) {
  for (const PictureSize &size : cameras) {
    Decoder decoder(decoders[__i__]);
    for (const std::string &unit : with_camera(size))
      decoder.decode(unit);
  }
}
GST_END_TEST;

static Suite *blackframe_decoded_suite() {
  Suite *suite = suite_create("blackframe_decoded");
  TCase *tc = tcase_create("decoders");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_ffmpeg, 0, static_cast<int>(G_N_ELEMENTS(sizes)));
  tcase_add_loop_test(tc, test_gstreamer, 0, static_cast<int>(G_N_ELEMENTS(decoders)));
  tcase_add_loop_test(tc, test_ffmpeg_with_camera, 0, static_cast<int>(G_N_ELEMENTS(cameras)));
  tcase_add_loop_test(tc, test_gstreamer_with_camera, 0, static_cast<int>(G_N_ELEMENTS(decoders)));
  return suite;
}

GST_CHECK_MAIN(blackframe_decoded)

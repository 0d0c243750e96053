// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture.h"

#include <algorithm>
#include <cstring>

namespace rtmstest {

namespace {

constexpr int kWhite = 235, kBlack = 16;
constexpr int64_t kSlideMs = 5000;

int64_t first_frame(int64_t from_ms, int fps) {
  return (from_ms * fps + 999) / 1000;
}

// A mapped I420 picture.
class Canvas {
 public:
  explicit Canvas(const PictureFormat &format) {
    gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_I420, static_cast<guint>(format.width),
                              static_cast<guint>(format.height));
    buffer_.reset(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info_), nullptr));
    gst_buffer_add_video_meta(buffer_.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420,
                              static_cast<guint>(format.width), static_cast<guint>(format.height));
    gst_video_frame_map(&frame_, &info_, buffer_.get(), GST_MAP_WRITE);
  }
  int width() const { return GST_VIDEO_INFO_WIDTH(&info_); }
  int height() const { return GST_VIDEO_INFO_HEIGHT(&info_); }

  void fill(int luma, int u, int v) {
    const int values[] = {luma, u, v};
    for (guint c = 0; c < 3; c++)
      std::memset(GST_VIDEO_FRAME_COMP_DATA(&frame_, c), values[c],
                  static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_STRIDE(&frame_, c)) *
                      static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_HEIGHT(&frame_, c)));
  }
  // Of the luma alone; what sticks out of the picture is cut off.
  void box(int x, int y, int w, int h, int luma) {
    int left = std::clamp(x, 0, width()), right = std::clamp(x + w, 0, width());
    auto plane = static_cast<uint8_t *>(GST_VIDEO_FRAME_COMP_DATA(&frame_, 0));
    for (int row = std::max(y, 0); row < std::min(y + h, height()); row++)
      std::memset(plane + row * GST_VIDEO_FRAME_COMP_STRIDE(&frame_, 0) + left, luma,
                  static_cast<std::size_t>(right - left));
  }
  BufferPtr finish() {
    gst_video_frame_unmap(&frame_);
    return std::move(buffer_);
  }

 private:
  GstVideoInfo info_;
  GstVideoFrame frame_;
  BufferPtr buffer_;
};

struct Place {
  int x, y, size;
};

void draw_digit(Canvas &canvas, Place at, int digit, int luma) {
  // Bits: top, upper left, upper right, middle, lower left, lower right, bottom.
  constexpr unsigned segments[] = {0x77, 0x24, 0x5d, 0x6d, 0x2e, 0x6b, 0x7b, 0x25, 0x7f, 0x6f};
  int s = at.size, t = std::max(s / 5, 1);
  const int boxes[7][4] = {{0, 0, s, t},         {0, 0, t, s}, {s - t, 0, t, s},
                           {0, s - t / 2, s, t}, {0, s, t, s}, {s - t, s, t, s},
                           {0, 2 * s - t, s, t}};
  for (int i = 0; i < 7; i++)
    if (segments[digit] >> i & 1)
      canvas.box(at.x + boxes[i][0], at.y + boxes[i][1], boxes[i][2], boxes[i][3], luma);
}

void draw_number(Canvas &canvas, Place at, int64_t number, int digits) {
  for (int i = digits - 1; i >= 0; i--, number /= 10)
    draw_digit(canvas, {at.x + i * at.size * 3 / 2, at.y, at.size}, static_cast<int>(number % 10),
               kBlack);
}

void draw_clock(Canvas &canvas, int64_t position_ms) {
  int size = canvas.height() / 12;
  Place at{size, size, size};
  canvas.box(size / 2, size / 2, size * 12, size * 3, kWhite);
  draw_number(canvas, at, position_ms / 60000, 2);
  draw_number(canvas, {at.x + size * 7 / 2, at.y, size}, position_ms / 1000 % 60, 2);
  draw_number(canvas, {at.x + size * 7, at.y, size}, position_ms % 1000, 3);
}

}  // namespace

CapsPtr caps_of(const PictureFormat &format) {
  return CapsPtr(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420", "width",
                                     G_TYPE_INT, format.width, "height", G_TYPE_INT, format.height,
                                     "framerate", GST_TYPE_FRACTION, format.fps, 1, nullptr));
}

PaintedCamera::PaintedCamera(const Cast &cast, PictureFormat format, int64_t from_ms)
    : cast_(cast), format_(format), frame_(first_frame(from_ms, format.fps)) {}

BufferPtr PaintedCamera::next(int64_t &position_ms) {
  int64_t frame = frame_++;
  position_ms = frame * 1000 / format_.fps;
  int speaker = static_cast<int>(cast_.active(position_ms));
  PictureFormat format = format_;
  if (cast_.sizes_differ && speaker % 2 == 1)
    format.width = format.height * 4 / 3;
  Canvas canvas(format);
  if (frame % format_.fps == 0) {
    canvas.fill(kWhite, 128, 128);
  } else {
    canvas.fill(90, 100 + speaker * 40 % 100, 160 - speaker * 60 % 100);
    int size = canvas.height() / 6;
    auto x = static_cast<int>(position_ms * canvas.width() / 3000 % canvas.width());
    canvas.box(x, canvas.height() / 2, size, size, 200);
    canvas.box(x - canvas.width(), canvas.height() / 2, size, size, 200);
  }
  draw_clock(canvas, position_ms);
  return canvas.finish();
}

void PaintedCamera::skip_to(int64_t position_ms) {
  frame_ = std::max(frame_, first_frame(position_ms, format_.fps));
}

PaintedSlides::PaintedSlides(PictureFormat format, int64_t from_ms)
    : format_(format), frame_(first_frame(from_ms, format.fps)) {}

BufferPtr PaintedSlides::next(int64_t &position_ms) {
  position_ms = frame_++ * 1000 / format_.fps;
  int64_t slide = position_ms / kSlideMs;
  Canvas canvas(format_);
  canvas.fill(kWhite - 20, 128, 128);
  int unit = canvas.height() / 16;
  draw_number(canvas, {unit * 2, unit * 2, unit * 2}, slide + 1, 3);
  for (int line = 0; line < 4 + slide % 4; line++)
    canvas.box(unit * 2, unit * (8 + line),
               unit * (8 + (line * 5 + static_cast<int>(slide % 7)) % 12), unit / 2, 60);
  return canvas.finish();
}

void PaintedSlides::skip_to(int64_t position_ms) {
  frame_ = std::max(frame_, first_frame(position_ms, format_.fps));
}

FilePictures::FilePictures(const std::string &uri, PictureFormat format)
    : pipeline_("uridecodebin uri=\"" + uri +
                "\" ! videoconvert ! videoscale ! "
                "video/x-raw,format=I420,pixel-aspect-ratio=1/1,width=" +
                std::to_string(format.width) + ",height=" + std::to_string(format.height) +
                " ! appsink name=sink") {}

BufferPtr FilePictures::next(int64_t &position_ms) {
  SamplePtr sample = pipeline_.pull();
  if (!sample)
    return nullptr;
  GstBuffer *buffer = gst_sample_get_buffer(sample.get());
  guint64 time = gst_segment_to_stream_time(gst_sample_get_segment(sample.get()), GST_FORMAT_TIME,
                                            GST_BUFFER_PTS(buffer));
  if (GST_CLOCK_TIME_IS_VALID(time))
    position_ms = static_cast<int64_t>(time / GST_MSECOND);
  return BufferPtr(gst_buffer_copy(buffer));
}

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "slate.h"

#include <gst/video/video.h>

#include <cmath>
#include <cstring>

namespace rtms::program {
namespace {

constexpr GstClockTime kPatience = 10 * GST_SECOND;
// Taller frames have the colorimetry of HDTV, which decoders assume if a stream states none.
constexpr int kTallestSd = 576;

struct Yuv {
  int y, u, v;
};

Yuv to_yuv(guint32 color, bool hd) {
  const double kr = hd ? 0.2126 : 0.299, kb = hd ? 0.0722 : 0.114;
  const double r = ((color >> 16) & 0xff) / 255.0, g = ((color >> 8) & 0xff) / 255.0,
               b = (color & 0xff) / 255.0;
  const double y = kr * r + (1 - kr - kb) * g + kb * b;
  const double u = (b - y) / (2 * (1 - kb)), v = (r - y) / (2 * (1 - kr));
  constexpr double kLuma = 219, kChroma = 224;
  return {static_cast<int>(std::lround(16 + kLuma * y)),
          static_cast<int>(std::lround(128 + kChroma * u)),
          static_cast<int>(std::lround(128 + kChroma * v))};
}

BufferPtr plain(guint32 color, GstCaps *caps) {
  GstVideoInfo info;
  gst_video_info_from_caps(&info, caps);
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE))
    return nullptr;
  const Yuv yuv = to_yuv(color, info.height > kTallestSd);
  const int values[] = {yuv.y, yuv.u, yuv.v};
  for (unsigned plane = 0; plane < 3; plane++)
    std::memset(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane), values[plane],
                static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane)) *
                    static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane)));
  gst_video_frame_unmap(&frame);
  return buffer;
}

struct StopPipeline {
  void operator()(GstElement *pipeline) const {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
};

std::string error_on(GstElement *pipeline) {
  BusPtr bus(gst_element_get_bus(pipeline));
  std::unique_ptr<GstMessage, UnrefMiniObject> message(
      gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  if (!message)
    return "it holds no image, or cannot be decoded within 10 s";
  GError *raw_error = nullptr;
  gst_message_parse_error(message.get(), &raw_error, nullptr);
  ErrorPtr error(raw_error);
  return error->message;
}

BufferPtr from_file(const Slate &slate, GstCaps *caps, std::string *error) {
  GError *raw_error = nullptr;
  std::unique_ptr<GstElement, StopPipeline> pipeline(gst_parse_launch(
      "filesrc name=file ! decodebin ! videoconvert ! videoscale add-borders=true ! "
      "capsfilter name=caps ! fakesink name=sink",
      &raw_error));
  ErrorPtr parse_error(raw_error);
  if (parse_error) {
    *error = parse_error->message;
    return nullptr;
  }
  CapsPtr still(gst_caps_copy(caps));
  gst_structure_remove_field(gst_caps_get_structure(still.get(), 0), "framerate");
  GstBin *bin = GST_BIN(pipeline.get());
  ElementPtr file(gst_bin_get_by_name(bin, "file")), filter(gst_bin_get_by_name(bin, "caps")),
      sink(gst_bin_get_by_name(bin, "sink"));
  g_object_set(file.get(), "location", slate.location.c_str(), nullptr);
  g_object_set(filter.get(), "caps", still.get(), nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PAUSED);
  const bool ready = gst_element_get_state(pipeline.get(), nullptr, nullptr, kPatience) ==
                     GST_STATE_CHANGE_SUCCESS;
  GstSample *sample = nullptr;
  if (ready)
    g_object_get(sink.get(), "last-sample", &sample, nullptr);
  if (!sample) {
    *error = error_on(pipeline.get());
    return nullptr;
  }
  BufferPtr image(gst_buffer_copy(gst_sample_get_buffer(sample)));
  gst_sample_unref(sample);
  return image;
}

}  // namespace

CapsPtr frame_caps(const Size &size, int fps_n, int fps_d) {
  return CapsPtr(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, size.width, "height",
      G_TYPE_INT, size.height, "framerate", GST_TYPE_FRACTION, fps_n, fps_d, "pixel-aspect-ratio",
      GST_TYPE_FRACTION, 1, 1, "interlace-mode", G_TYPE_STRING, "progressive", "colorimetry",
      G_TYPE_STRING, size.height > kTallestSd ? "bt709" : "bt601", "chroma-site", G_TYPE_STRING,
      "mpeg2", nullptr));
}

BufferPtr make_slate(const Slate &slate, GstCaps *caps, std::string *error) {
  BufferPtr frame =
      slate.location.empty() ? plain(slate.color, caps) : from_file(slate, caps, error);
  if (!frame)
    return nullptr;
  GST_BUFFER_PTS(frame.get()) = 0;
  GST_BUFFER_DTS(frame.get()) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(frame.get()) = GST_CLOCK_TIME_NONE;
  return frame;
}

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "caps.h"

#include <algorithm>

namespace rtms {
namespace {

// Static payload types of RFC 3551; Opus has a dynamic one, taken from the packets.
CapsPtr rtp_caps(const AudioParams &params, std::optional<int> rtp_payload) {
  const char *encoding = "OPUS";
  int payload = 96;
  int clock_rate = 48000;
  if (params.codec == Codec::G711) {
    encoding = "PCMA";
    payload = 8;
    clock_rate = 8000;
  } else if (params.codec == Codec::G722) {
    encoding = "G722";
    payload = 9;
    clock_rate =
        8000;  // RFC 3551: 8000 although it samples at 16000, a mistake kept for compatibility
  }
  CapsPtr caps(gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, "audio",
                                   "clock-rate", G_TYPE_INT, clock_rate, "encoding-name",
                                   G_TYPE_STRING, encoding, "payload", G_TYPE_INT,
                                   rtp_payload.value_or(payload), nullptr));
  if (params.codec == Codec::Opus)
    gst_caps_set_simple(caps.get(), "encoding-params", G_TYPE_STRING, "2", "sprop-stereo",
                        G_TYPE_STRING, params.channels == 2 ? "1" : "0", nullptr);
  return caps;
}

}  // namespace

CapsPtr audio_caps(const AudioParams &params, std::optional<int> rtp_payload) {
  if (is_rtp(params))
    return rtp_caps(params, rtp_payload);
  switch (params.codec) {
    case Codec::G711:
      return CapsPtr(gst_caps_new_simple("audio/x-alaw", "rate", G_TYPE_INT, params.rate_hz,
                                         "channels", G_TYPE_INT, params.channels, nullptr));
    case Codec::G722:
      return CapsPtr(gst_caps_new_simple("audio/G722", "rate", G_TYPE_INT, params.rate_hz,
                                         "channels", G_TYPE_INT, params.channels, nullptr));
    case Codec::Opus:
      return CapsPtr(gst_caps_new_simple("audio/x-opus", "channel-mapping-family", G_TYPE_INT, 0,
                                         "rate", G_TYPE_INT, params.rate_hz, "channels", G_TYPE_INT,
                                         params.channels, nullptr));
    default: {
      CapsPtr caps(gst_caps_new_simple(
          "audio/x-raw", "format", G_TYPE_STRING, "S16LE", "layout", G_TYPE_STRING, "interleaved",
          "rate", G_TYPE_INT, params.rate_hz, "channels", G_TYPE_INT, params.channels, nullptr));
      if (params.channels == 2)  // without a mask, two channels are not left and right
        gst_caps_set_simple(caps.get(), "channel-mask", GST_TYPE_BITMASK, G_GUINT64_CONSTANT(3),
                            nullptr);
      return caps;
    }
  }
}

CapsPtr video_caps(const VideoParams &params, std::optional<PictureSize> size) {
  const char *picture = params.codec == Codec::Png ? "image/png" : "image/jpeg";
  CapsPtr caps;
  // The SPS of cameras differ in frame rate, pixel aspect ratio and colors. h264parse copies those
  // into its caps, and matroskamux ends a recording when such a field changes: fields set here are
  // constant.
  if (params.codec == Codec::H264)
    caps.reset(gst_caps_new_simple("video/x-h264", "stream-format", G_TYPE_STRING, "byte-stream",
                                   "alignment", G_TYPE_STRING, "au", "framerate", GST_TYPE_FRACTION,
                                   std::max(params.fps, 0), 1, "pixel-aspect-ratio",
                                   GST_TYPE_FRACTION, 1, 1, nullptr));
  else
    caps.reset(
        gst_caps_new_simple(picture, "framerate", GST_TYPE_FRACTION, params.fps, 1, nullptr));
  if (size)
    gst_caps_set_simple(caps.get(), "width", G_TYPE_INT, size->width, "height", G_TYPE_INT,
                        size->height, nullptr);
  if (size && !size->colorimetry.empty())
    gst_caps_set_simple(caps.get(), "colorimetry", G_TYPE_STRING, size->colorimetry.c_str(),
                        nullptr);
  return caps;
}

CapsPtr transcript_caps(bool json, bool markup) {
  if (json)
    return chat_caps();
  return CapsPtr(gst_caps_new_simple("text/x-raw", "format", G_TYPE_STRING,
                                     markup ? "pango-markup" : "utf8", nullptr));
}

CapsPtr chat_caps() {
  return CapsPtr(gst_caps_new_empty_simple("application/x-json"));
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// h264parse uses this interface, but it is not declared stable.
#define GST_USE_UNSTABLE_API

#include "picturesize.h"

#include "nal.h"

#include <gst/codecparsers/gsth264parser.h>
#include <gst/video/video.h>
#include <cstring>
#include <memory>

namespace rtms {
namespace {

// Reads the colorimetry as h264parse does.
std::string colorimetry_in_sps(const GstH264SPS &sps) {
  const GstH264VUIParams &vui = sps.vui_parameters;
  if (!sps.vui_parameters_present_flag || !vui.video_signal_type_present_flag ||
      !vui.colour_description_present_flag)
    return "";
  GstVideoColorimetry colors{};
  colors.range =
      vui.video_full_range_flag ? GST_VIDEO_COLOR_RANGE_0_255 : GST_VIDEO_COLOR_RANGE_16_235;
  colors.primaries = gst_video_color_primaries_from_iso(vui.colour_primaries);
  colors.transfer = gst_video_transfer_function_from_iso(vui.transfer_characteristics);
  colors.matrix = gst_video_color_matrix_from_iso(vui.matrix_coefficients);
  const StringPtr text(gst_video_colorimetry_to_string(&colors));
  return text ? text.get() : "";
}

std::optional<PictureSize> size_in_sps(const guint8 *data, gsize size, gsize offset) {
  std::unique_ptr<GstH264NalParser, FreeWith<gst_h264_nal_parser_free>> parser(
      gst_h264_nal_parser_new());
  GstH264NalUnit unit;
  GstH264SPS sps;
  // The end of an SPS follows from its contents: no search for the next start code is needed.
  if (gst_h264_parser_identify_nalu_unchecked(parser.get(), data, static_cast<guint>(offset), size,
                                              &unit) != GST_H264_PARSER_OK ||
      gst_h264_parse_sps(&unit, &sps) != GST_H264_PARSER_OK)
    return std::nullopt;
  PictureSize found{sps.width, sps.height, colorimetry_in_sps(sps)};
  if (sps.frame_cropping_flag) {
    found.width = sps.crop_rect_width;
    found.height = sps.crop_rect_height;
  }
  gst_h264_sps_clear(&sps);
  return found;
}

std::optional<PictureSize> h264_size(const ReadMap &map) {
  constexpr gsize kStartCode = 3;
  NalScanner units(map.data(), map.size());
  // An SPS after the first slice does not apply to it.
  while (const guint8 *header = units.next()) {
    const unsigned type = NalScanner::type(header);
    if (type == GST_H264_NAL_SPS)
      return size_in_sps(map.data(), map.size(),
                         static_cast<gsize>(header - map.data()) - kStartCode);
    if (NalScanner::is_slice(type))
      return std::nullopt;
  }
  return std::nullopt;
}

// GST_READ_UINT16_BE() and its siblings read unaligned addresses, which sanitizers report.
guint32 big_endian(const guint8 *bytes, gsize size) {
  guint32 number = 0;
  for (gsize i = 0; i < size; i++)
    number = number << 8 | bytes[i];
  return number;
}

// SOF0 to SOF15, except DHT, JPG and DAC.
bool is_frame_header(guint8 marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Follows the marker segments up to the frame header; gst_jpeg_parse() would search for them in any
// data.
std::optional<PictureSize> jpeg_size(const ReadMap &map) {
  constexpr gsize kStartOfImage = 2, kFrameHeader = 9;
  constexpr guint8 kStartOfScan = 0xda;
  for (gsize at = kStartOfImage; at + kFrameHeader <= map.size();) {
    const guint8 *segment = map.data() + at;
    const guint8 marker = segment[1];
    if (segment[0] != 0xff || marker == kStartOfScan)
      return std::nullopt;
    if (is_frame_header(marker))
      return PictureSize{static_cast<int>(big_endian(segment + 7, 2)),
                         static_cast<int>(big_endian(segment + 5, 2)), ""};
    at += marker == 0xff ? 1 : 2 + big_endian(segment + 2, 2);
  }
  return std::nullopt;
}

std::optional<PictureSize> png_size(const ReadMap &map) {
  constexpr gsize kIhdr = 12, kWidth = 16, kEnd = 24;
  if (map.size() < kEnd || memcmp(map.data() + kIhdr, "IHDR", 4) != 0)
    return std::nullopt;
  const guint32 width = big_endian(map.data() + kWidth, 4);
  const guint32 height = big_endian(map.data() + kWidth + 4, 4);
  if (width > G_MAXINT || height > G_MAXINT)
    return std::nullopt;
  return PictureSize{static_cast<int>(width), static_cast<int>(height), ""};
}

std::optional<PictureSize> any_size(Codec codec, const ReadMap &map) {
  switch (codec) {
    case Codec::H264:
      return h264_size(map);
    case Codec::Jpeg:
      return jpeg_size(map);
    case Codec::Png:
      return png_size(map);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<PictureSize> picture_size(Codec codec, GstBuffer *buffer) {
  const auto size = any_size(codec, ReadMap(buffer));
  return size && size->width > 0 && size->height > 0 ? size : std::nullopt;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// h264parse uses this interface, but it is not declared stable.
#define GST_USE_UNSTABLE_API

#include "picturesize.h"

#include "nal.h"

#include <gst/codecparsers/gsth264parser.h>
#include <gst/video/video.h>
#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>

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

constexpr gsize kStartCode = 3;

const guint8 *end_of_unit(const guint8 *header, const guint8 *end) {
  const guint8 *next = NalScanner(header, static_cast<gsize>(end - header)).next();
  return next ? next - kStartCode : end;
}

std::optional<PictureSize> size_in_sps(const guint8 *header, const guint8 *end) {
  std::unique_ptr<GstH264NalParser, FreeWith<gst_h264_nal_parser_free>> parser(
      gst_h264_nal_parser_new());
  GstH264NalUnit unit;
  GstH264SPS sps;
  const guint8 *start = header - kStartCode;
  const auto size = static_cast<gsize>(end_of_unit(header, end) - start);
  if (gst_h264_parser_identify_nalu_unchecked(parser.get(), start, 0, size, &unit) !=
          GST_H264_PARSER_OK ||
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
  NalScanner units(map.data(), map.size());
  // An SPS after the first slice does not apply to it.
  while (const guint8 *header = units.next()) {
    const unsigned type = NalScanner::type(header);
    if (type == NalScanner::kSps)
      return size_in_sps(header, map.data() + map.size());
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

// Keeps the largest of several sizes. If a header continues in the next buffer, no size is known.
class LargestSize {
 public:
  void add(guint32 width, guint32 height) {
    constexpr guint32 kMost = G_MAXINT;
    const PictureSize size{static_cast<int>(std::min(width, kMost)),
                           static_cast<int>(std::min(height, kMost)), ""};
    if (size.pixels() > largest_.pixels())
      largest_ = size;
  }
  void cut() { is_cut_ = true; }
  std::optional<PictureSize> get() const {
    return is_cut_ ? std::nullopt : std::make_optional(largest_);
  }

 private:
  PictureSize largest_;
  bool is_cut_ = false;
};

// SOF0 to SOF15, except DHT, JPG and DAC; SOF of JPEG-LS.
bool is_frame_header(guint8 marker) {
  const bool other = marker == 0xc4 || marker == 0xc8 || marker == 0xcc;
  return (marker >= 0xc0 && marker <= 0xcf && !other) || marker == 0xf7;
}

// Decoders differ in what they skip, and jpegdec takes several pictures from a buffer, or one from
// several: each place where the bytes are those of a frame header counts. A thumbnail is smaller
// than its image, and random bytes hardly ever have the length of a header.
std::optional<PictureSize> jpeg_size(const ReadMap &map) {
  constexpr gsize kFrameHeader = 10;
  const guint8 *at = map.data(), *end = at + map.size();
  if (map.size() < 2 || at[0] != 0xff || at[1] != 0xd8)
    return std::nullopt;
  LargestSize largest;
  while ((at = static_cast<const guint8 *>(memchr(at, 0xff, static_cast<gsize>(end - at))))) {
    const guint8 *segment = at++;
    const auto left = static_cast<gsize>(end - segment);
    if (left < 2 || !is_frame_header(segment[1]))
      continue;
    if (left < kFrameHeader)
      largest.cut();
    else if (big_endian(segment + 2, 2) == 8 + 3 * big_endian(segment + 9, 1))
      largest.add(big_endian(segment + 7, 2), big_endian(segment + 5, 2));
  }
  return largest.get();
}

// pngdec, too, takes several pictures from a buffer, or one from several.
std::optional<PictureSize> png_size(const ReadMap &map) {
  constexpr std::string_view kSignature = "\x89PNG", kHeader("\0\0\0\x0dIHDR", 8);
  const std::string_view all(reinterpret_cast<const char *>(map.data()), map.size());
  if (all.substr(0, kSignature.size()) != kSignature)
    return std::nullopt;
  LargestSize largest;
  for (gsize at = all.find(kHeader); at != all.npos; at = all.find(kHeader, at)) {
    at += kHeader.size();
    if (all.size() - at < 8)
      largest.cut();
    else
      largest.add(big_endian(map.data() + at, 4), big_endian(map.data() + at + 4, 4));
  }
  return largest.get();
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

// ITU-T H.264, 7.3.2.1.1 and 7.4.2.1.1: whether chroma_format_idc and what belongs to it may be
// there, and may be missing. Of the other profiles each decoder has a list of its own.
bool has_no_chroma(guint8 profile) {
  return profile == 66 || profile == 77 || profile == 88;
}
bool has_chroma(guint8 profile) {
  constexpr guint8 kAll[] = {44, 83, 86, 100, 110, 118, 122, 128, 244};
  return std::binary_search(std::begin(kAll), std::end(kAll), profile);
}

void skip_scaling_list(BitReader *bits, unsigned size) {
  unsigned scale = 8;
  for (unsigned i = 0; i < size; i++) {
    const unsigned code = bits->exp_golomb();
    const unsigned next = (scale + (code % 2 ? code / 2 + 1 : 0 - code / 2)) & 0xff;
    if (next == 0)
      return;
    scale = next;
  }
}

void skip_chroma(BitReader *bits) {
  const unsigned format = bits->exp_golomb();
  if (format == 3)
    bits->bit();  // separate_colour_plane_flag
  bits->exp_golomb();
  bits->exp_golomb();
  bits->bit();
  if (!bits->bit())
    return;
  for (unsigned i = 0; i < (format == 3 ? 12 : 8); i++)
    if (bits->bit())
      skip_scaling_list(bits, i < 6 ? 16 : 64);
}

void skip_order_count(BitReader *bits) {
  const unsigned type = bits->exp_golomb();
  if (type == 0)
    bits->exp_golomb();
  if (type != 1)
    return;
  bits->bit();
  bits->exp_golomb();
  bits->exp_golomb();
  for (unsigned left = std::min(bits->exp_golomb(), 255U); left > 0 && !bits->is_over(); left--)
    bits->exp_golomb();
}

// Decoders allocate whole macroblocks, also those that are cropped.
PictureSize coded_size(BitReader bits, bool chroma) {
  constexpr unsigned kMacroblock = 16, kMost = 1U << 24;
  for (int i = 0; i < 24; i++)
    bits.bit();       // the profile and the level
  bits.exp_golomb();  // seq_parameter_set_id
  if (chroma)
    skip_chroma(&bits);
  bits.exp_golomb();  // log2_max_frame_num_minus4
  skip_order_count(&bits);
  bits.exp_golomb();  // max_num_ref_frames
  bits.bit();
  const unsigned width = std::min(bits.exp_golomb() + 1, kMost);
  const unsigned height = std::min(bits.exp_golomb() + 1, kMost);
  const unsigned fields = 2 - bits.bit();
  return {static_cast<int>(width * kMacroblock), static_cast<int>(height * fields * kMacroblock),
          ""};
}

}  // namespace

// GStreamer's parser reads no size where a decoder may still read one: libavcodec accepts an SPS
// that ends too early, and tries one that it does not understand again with the emulation
// prevention bytes.
bool sps_is_oversized(const guint8 *header, const guint8 *end) {
  const guint8 *first = header + 1;
  if (first >= end)
    return false;
  end = end_of_unit(header, end);
  for (BitReader::Bytes bytes : {BitReader::Bytes::Unescaped, BitReader::Bytes::Raw})
    for (bool chroma : {false, true})
      if (!(chroma ? has_no_chroma(*first) : has_chroma(*first)) &&
          !coded_size(BitReader(first, end, bytes), chroma).is_sane())
        return true;
  return false;
}

bool begins_oversized(GstBuffer *buffer) {
  const ReadMap map(buffer);
  NalScanner units(map.data(), map.size());
  while (const guint8 *header = units.next()) {
    const unsigned type = NalScanner::type(header);
    if (NalScanner::is_slice(type))
      return false;
    if (type == NalScanner::kSps && sps_is_oversized(header, map.data() + map.size()))
      return true;
  }
  return false;
}

std::optional<PictureSize> picture_size(Codec codec, GstBuffer *buffer) {
  const auto size = any_size(codec, ReadMap(buffer));
  return size && size->width > 0 && size->height > 0 ? size : std::nullopt;
}

}  // namespace rtms

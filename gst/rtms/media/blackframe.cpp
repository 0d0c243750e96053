// SPDX-License-Identifier: LGPL-2.1-or-later
#include "blackframe.h"

#include <algorithm>
#include <vector>

namespace rtms {
namespace {

using Bytes = std::vector<guint8>;

constexpr unsigned kMacroblock = 16;
constexpr unsigned kMaxMacroblocks = 36864;  // of a picture of level 5.1

constexpr guint32 kQuantizer = 46;
constexpr unsigned kFrameNumBits = 4;
static_assert(BlackFrames::kKeyframeInterval <= 1 << kFrameNumBits, "");

// Differs from the camera's ids, as encoders begin with 0. A decoder, or a muxer's header, keeps
// both sets, and the camera continues with its own unchanged.
constexpr guint32 kSpsId = 31, kPpsId = 31;

// ITU-T H.264, tables 7-1 and 7-11.
enum NalHeader : guint8 {
  kSlice = 0x61,
  kIdrSlice = 0x65,
  kSps = 0x67,
  kPps = 0x68,
  kAccessUnitDelimiter = 0x09
};
enum MbType : guint32 { kIntraVertical = 1, kIntraHorizontal = 2, kIntraDc = 3 };

// ITU-T H.264, 7.2: bits, the most significant first.
class BitWriter {
 public:
  void bits(guint32 value, unsigned count) {
    while (count-- > 0) {
      current_ = current_ << 1 | (value >> count & 1);
      if (++filled_ == 8)
        end_byte();
    }
  }
  void flag(bool value) { bits(value, 1); }
  // Exp-Golomb coded, 9.1.
  void number(guint32 value) {
    unsigned length = 0;
    while ((value + 1) >> (length + 1))
      length++;
    bits(0, length);
    bits(value + 1, length + 1);
  }
  // The same for a signed number above 0, 9.1.1.
  void positive(guint32 value) { number(2 * value - 1); }
  // rbsp_trailing_bits()
  void stop() {
    flag(true);
    while (filled_ > 0)
      flag(false);
  }
  const Bytes &bytes() const { return bytes_; }

 private:
  void end_byte() {
    bytes_.push_back(static_cast<guint8>(current_));
    current_ = filled_ = 0;
  }
  Bytes bytes_;
  unsigned current_ = 0, filled_ = 0;
};

struct Macroblocks {
  explicit Macroblocks(const PictureSize &size)
      : columns((static_cast<unsigned>(size.width) + kMacroblock - 1) / kMacroblock),
        rows((static_cast<unsigned>(size.height) + kMacroblock - 1) / kMacroblock) {}
  guint64 count() const { return guint64{columns} * rows; }
  unsigned columns, rows;
};

// Table A-1: the lowest level with 25 pictures of this size per second, or the highest level for
// the largest. A side may be the square root of eight times the picture's size.
guint32 level_of(const Macroblocks &macroblocks) {
  constexpr struct {
    guint64 macroblocks;
    guint32 level;
  } levels[] = {{99, 11},   {396, 13},  {792, 21},   {1620, 30},           {3600, 31},
                {5120, 32}, {8192, 40}, {22080, 50}, {kMaxMacroblocks, 51}};
  const guint64 longest = std::max(macroblocks.columns, macroblocks.rows);
  for (const auto &level : levels)
    if (macroblocks.count() <= level.macroblocks && longest * longest <= 8 * level.macroblocks)
      return level.level;
  return 0;
}

// Annex B, with the emulation prevention of 7.4.1.
void add_unit(Bytes *stream, NalHeader header, const Bytes &payload) {
  stream->insert(stream->end(), {0, 0, 0, 1, header});
  unsigned zeros = 0;
  for (guint8 byte : payload) {
    if (zeros == 2 && byte <= 3) {
      stream->push_back(3);
      zeros = 0;
    }
    stream->push_back(byte);
    zeros = byte == 0 ? zeros + 1 : 0;
  }
}

Bytes access_unit_delimiter(bool keyframe) {
  BitWriter writer;
  writer.bits(keyframe ? 0 : 1, 3);  // primary_pic_type: I slices, or P as well
  writer.stop();
  return writer.bytes();
}

// Without it a decoder delays pictures, because they might be out of order.
void write_vui(BitWriter *writer) {
  writer->bits(0, 8);  // no aspect ratio, overscan, signal type, chroma location, timing, HRDs,
                       // pic_struct
  writer->flag(true);  // bitstream_restriction_flag
  writer->flag(true);  // motion_vectors_over_pic_boundaries_flag
  writer->number(0);   // max_bytes_per_pic_denom: no limit
  writer->number(0);   // max_bits_per_mb_denom
  writer->number(0);   // log2_max_mv_length_horizontal
  writer->number(0);   // log2_max_mv_length_vertical
  writer->number(0);   // max_num_reorder_frames
  writer->number(1);   // max_dec_frame_buffering
}

Bytes sequence_parameter_set(const PictureSize &size, const Macroblocks &macroblocks,
                             guint32 level) {
  constexpr guint32 kBaseline = 66, kConstrained = 0xc0;
  BitWriter writer;
  writer.bits(kBaseline, 8);
  writer.bits(kConstrained, 8);
  writer.bits(level, 8);
  writer.number(kSpsId);
  writer.number(kFrameNumBits - 4);        // log2_max_frame_num_minus4
  writer.number(2);                        // pic_order_cnt_type: as decoded
  writer.number(1);                        // max_num_ref_frames
  writer.flag(false);                      // gaps_in_frame_num_value_allowed_flag
  writer.number(macroblocks.columns - 1);  // pic_width_in_mbs_minus1
  writer.number(macroblocks.rows - 1);     // pic_height_in_map_units_minus1
  writer.flag(true);                       // frame_mbs_only_flag
  writer.flag(true);                       // direct_8x8_inference_flag
  const guint32 right = macroblocks.columns * kMacroblock - static_cast<guint32>(size.width);
  const guint32 bottom = macroblocks.rows * kMacroblock - static_cast<guint32>(size.height);
  writer.flag(right > 0 || bottom > 0);  // frame_cropping_flag
  if (right > 0 || bottom > 0)
    for (guint32 cropped : {0U, right, 0U, bottom})
      writer.number(cropped / 2);
  writer.flag(true);  // vui_parameters_present_flag
  write_vui(&writer);
  writer.stop();
  return writer.bytes();
}

Bytes picture_parameter_set() {
  BitWriter writer;
  writer.number(kPpsId);
  writer.number(kSpsId);
  writer.flag(false);                // entropy_coding_mode_flag: CAVLC
  writer.flag(false);                // bottom_field_pic_order_in_frame_present_flag
  writer.number(0);                  // num_slice_groups_minus1
  writer.number(0);                  // num_ref_idx_l0_default_active_minus1
  writer.number(0);                  // num_ref_idx_l1_default_active_minus1
  writer.flag(false);                // weighted_pred_flag
  writer.bits(0, 2);                 // weighted_bipred_idc
  writer.positive(kQuantizer - 26);  // pic_init_qp_minus26
  writer.number(0);                  // pic_init_qs_minus26
  writer.number(0);                  // chroma_qp_index_offset
  writer.flag(true);                 // deblocking_filter_control_present_flag
  writer.flag(false);                // constrained_intra_pred_flag
  writer.flag(false);                // redundant_pic_cnt_present_flag
  writer.stop();
  return writer.bytes();
}

// The end of each slice header: no change of the quantizer, and no deblocking.
void write_slice_quality(BitWriter *writer) {
  writer->number(0);  // slice_qp_delta
  writer->number(1);  // disable_deblocking_filter_idc
}

void write_idr_header(BitWriter *writer, unsigned number) {
  constexpr guint32 kAllIntra = 7;
  // The camera's encoder begins at 0: a distant id differs from its next one.
  constexpr guint32 kFirstIdrId = 40000, kIdrIds = 20000;
  writer->number(0);  // first_mb_in_slice
  writer->number(kAllIntra);
  writer->number(kPpsId);
  writer->bits(0, kFrameNumBits);
  writer->number(kFirstIdrId + number % kIdrIds);
  writer->flag(false);  // no_output_of_prior_pics_flag
  writer->flag(false);  // long_term_reference_flag
  write_slice_quality(writer);
}

void write_prediction_alone(BitWriter *writer) {
  writer->number(0);  // intra_chroma_pred_mode: DC
  writer->number(0);  // mb_qp_delta
}

// Without neighbours all samples are predicted as 128. Chroma keeps that; one coefficient, the
// macroblock's mean, makes luma black: 14 steps of kQuantizer down, each 8 in brightness (8.5.10).
void write_black_macroblock(BitWriter *writer) {
  writer->number(kIntraDc);
  write_prediction_alone(writer);
  writer->bits(5, 6);   // coeff_token: one coefficient that is not 1 or -1
  writer->bits(1, 15);  // level_prefix 14
  writer->bits(11, 4);  // level_suffix: -14
  writer->bits(1, 1);   // total_zeros
}

// Predicted from the macroblock on its left, or above it.
void write_predicted_macroblock(BitWriter *writer, unsigned column) {
  writer->number(column == 0 ? kIntraVertical : kIntraHorizontal);
  write_prediction_alone(writer);
  writer->bits(1, 1);  // coeff_token: no coefficients
}

Bytes idr_slice(const Macroblocks &macroblocks, unsigned number) {
  BitWriter writer;
  write_idr_header(&writer, number);
  for (unsigned row = 0; row < macroblocks.rows; row++)
    for (unsigned column = 0; column < macroblocks.columns; column++)
      if (row == 0 && column == 0)
        write_black_macroblock(&writer);
      else
        write_predicted_macroblock(&writer, column);
  writer.stop();
  return writer.bytes();
}

// Repeats all macroblocks.
Bytes skipped_slice(const Macroblocks &macroblocks, unsigned since_idr) {
  constexpr guint32 kAllPredicted = 5;
  BitWriter writer;
  writer.number(0);  // first_mb_in_slice
  writer.number(kAllPredicted);
  writer.number(kPpsId);
  writer.bits(since_idr, kFrameNumBits);
  writer.flag(false);  // num_ref_idx_active_override_flag
  writer.flag(false);  // ref_pic_list_modification_flag_l0
  writer.flag(false);  // adaptive_ref_pic_marking_mode_flag
  write_slice_quality(&writer);
  writer.number(static_cast<guint32>(macroblocks.count()));  // mb_skip_run
  writer.stop();
  return writer.bytes();
}

BufferPtr buffer_of(const Bytes &stream) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, stream.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, stream.data(), stream.size());
  return buffer;
}

BufferPtr keyframe(const PictureSize &size, const Macroblocks &macroblocks, guint32 level,
                   unsigned number) {
  const PictureSize even{size.width + size.width % 2, size.height + size.height % 2};
  Bytes stream;
  add_unit(&stream, kAccessUnitDelimiter, access_unit_delimiter(true));
  add_unit(&stream, kSps, sequence_parameter_set(even, macroblocks, level));
  add_unit(&stream, kPps, picture_parameter_set());
  add_unit(&stream, kIdrSlice, idr_slice(macroblocks, number));
  return buffer_of(stream);
}

BufferPtr repetition(const Macroblocks &macroblocks, unsigned since_idr) {
  Bytes stream;
  add_unit(&stream, kAccessUnitDelimiter, access_unit_delimiter(false));
  add_unit(&stream, kSlice, skipped_slice(macroblocks, since_idr));
  BufferPtr buffer = buffer_of(stream);
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  return buffer;
}

}  // namespace

bool BlackFrames::can_have(const PictureSize &size) {
  return size.width >= 1 && size.height >= 1 && level_of(Macroblocks(size)) > 0;
}

BufferPtr BlackFrames::next(const PictureSize &size) {
  if (!can_have(size))
    return nullptr;
  const Macroblocks macroblocks(size);
  const guint32 level = level_of(macroblocks);
  if (!(size == size_))
    interrupt();
  size_ = size;
  const unsigned since_keyframe = since_keyframe_++ % kKeyframeInterval;
  return since_keyframe == 0 ? keyframe(size, macroblocks, level, keyframes_++)
                             : repetition(macroblocks, since_keyframe);
}

}  // namespace rtms

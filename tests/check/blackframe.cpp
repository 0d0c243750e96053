// SPDX-License-Identifier: LGPL-2.1-or-later
// Black frames (media/blackframe.h): what their headers say, to our own parser and to GStreamer's.
#define GST_USE_UNSTABLE_API

#include "media/blackframe.h"
#include "media/decode.h"
#include "media/nal.h"
#include "media/picture.h"

#include <gst/check/gstcheck.h>
#include <gst/codecparsers/gsth264parser.h>

#include <vector>

using namespace rtms;

namespace {

using ParserPtr = std::unique_ptr<GstH264NalParser, FreeWith<gst_h264_nal_parser_free>>;

// The parts of a black frame, as GStreamer's parser reads them.
struct Parsed {
  std::vector<guint> types;
  GstH264SPS sps;
  GstH264PPS pps;
  GstH264SliceHdr slice;
};

void parse_unit(GstH264NalParser *parser, GstH264NalUnit *unit, Parsed *parsed) {
  parsed->types.push_back(unit->type);
  GstH264ParserResult result = GST_H264_PARSER_OK;
  if (unit->type == GST_H264_NAL_SPS)
    result = gst_h264_parser_parse_sps(parser, unit, &parsed->sps);
  else if (unit->type == GST_H264_NAL_PPS)
    result = gst_h264_parser_parse_pps(parser, unit, &parsed->pps);
  else if (unit->type == GST_H264_NAL_SLICE_IDR || unit->type == GST_H264_NAL_SLICE)
    result = gst_h264_parser_parse_slice_hdr(parser, unit, &parsed->slice, TRUE, TRUE);
  fail_unless(result == GST_H264_PARSER_OK, "NAL unit of type %u: %d", unit->type, result);
}

// What is parsed points to its parser's parameter sets.
Parsed parse(GstH264NalParser *parser, GstBuffer *buffer) {
  Parsed parsed{};
  ReadMap map(buffer);
  guint at = 0;
  GstH264ParserResult result = GST_H264_PARSER_OK;
  while (result == GST_H264_PARSER_OK) {
    GstH264NalUnit unit;
    result = gst_h264_parser_identify_nalu(parser, map.data(), at, map.size(), &unit);
    if (result != GST_H264_PARSER_OK && result != GST_H264_PARSER_NO_NAL_END)
      break;
    parse_unit(parser, &unit, &parsed);
    at = unit.offset + unit.size;
  }
  fail_unless(at == map.size(), "parsed %u of %d bytes", at, (int) map.size());
  return parsed;
}

BufferPtr next(BlackFrames *frames, PictureSize size) {
  BufferPtr frame = frames->next(size);
  fail_unless(frame != nullptr, "%dx%d: none", size.width, size.height);
  return frame;
}

BufferPtr keyframe_of(PictureSize size) {
  BlackFrames frames;
  return next(&frames, size);
}

bool is_keyframe(GstBuffer *buffer) {
  const bool key = picture_kind(Codec::H264, buffer) == Picture::Key;
  fail_unless(key != GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT));
  return key;
}

}  // namespace

static void expect_size(PictureSize asked, PictureSize wanted) {
  BufferPtr frame = keyframe_of(asked);
  fail_unless(picture_size(Codec::H264, frame.get()) == wanted);
}

static const struct {
  PictureSize size;
  int level;
  size_t bytes;  // at most
} sizes[] = {
    {{2, 2}, 11, 60},
    {{16, 16}, 11, 60},
    {{18, 34}, 11, 60},
    {{176, 144}, 11, 150},
    {{320, 180}, 13, 250},
    {{352, 288}, 13, 350},
    {{640, 360}, 30, 750},
    {{640, 480}, 30, 1000},
    {{854, 480}, 30, 1300},
    {{1280, 720}, 31, 2800},
    {{1280, 960}, 32, 3700},
    {{1366, 768}, 32, 3200},
    {{1920, 1080}, 40, 6200},
    {{2560, 1440}, 50, 11000},
    {{3840, 2160}, 51, 24500},
    {{4096, 2304}, 51, 27800},
    // Long and thin: what counts is the longer side.
    {{4096, 16}, 40, 300},
    {{16, 4096}, 40, 300},
    {{1024, 32}, 21, 200},
};

GST_START_TEST(test_headers) {
  const auto &wanted = sizes[__i__];
  const PictureSize size = wanted.size;
  BufferPtr frame = keyframe_of(size);
  fail_unless(gst_buffer_get_size(frame.get()) <= wanted.bytes, "%dx%d: %d bytes", size.width,
              size.height, (int) gst_buffer_get_size(frame.get()));
  fail_unless(picture_size(Codec::H264, frame.get()) == size);
  fail_unless(is_keyframe(frame.get()));

  ParserPtr parser(gst_h264_nal_parser_new());
  Parsed parsed = parse(parser.get(), frame.get());
  const std::vector<guint> types = {GST_H264_NAL_AU_DELIMITER, GST_H264_NAL_SPS, GST_H264_NAL_PPS,
                                    GST_H264_NAL_SLICE_IDR};
  fail_unless(parsed.types == types);
  const GstH264SPS &sps = parsed.sps;
  assert_equals_int(sps.profile_idc, GST_H264_PROFILE_BASELINE);
  fail_unless(sps.constraint_set0_flag && sps.constraint_set1_flag);
  assert_equals_int(sps.level_idc, wanted.level);
  const bool cropped = size.width % 16 || size.height % 16;
  assert_equals_int(sps.frame_cropping_flag, cropped);
  assert_equals_int(cropped ? sps.crop_rect_width : sps.width, size.width);
  assert_equals_int(cropped ? sps.crop_rect_height : sps.height, size.height);
  assert_equals_int(sps.vui_parameters.num_reorder_frames, 0);
  fail_if(sps.vui_parameters.video_full_range_flag);
  assert_equals_int(parsed.pps.entropy_coding_mode_flag, 0);
  fail_unless(GST_H264_IS_I_SLICE(&parsed.slice));
}
GST_END_TEST;

// A camera's parameter sets have others, and two IDR pictures in a row must.
GST_START_TEST(test_ids) {
  ParserPtr parser(gst_h264_nal_parser_new());
  BlackFrames frames;
  guint16 last = 0;  // where encoders begin
  for (unsigned number = 0; number < 20010; number++) {
    frames.interrupt();
    BufferPtr frame = next(&frames, {16, 16});
    Parsed parsed = parse(parser.get(), frame.get());
    fail_if(parsed.sps.id == 0 || parsed.pps.id == 0);
    fail_if(parsed.slice.idr_pic_id < 1000 || parsed.slice.idr_pic_id == last, "%u", number);
    last = parsed.slice.idr_pic_id;
  }
}
GST_END_TEST;

// Repetitions are numbered since their keyframe.
GST_START_TEST(test_repetitions) {
  ParserPtr parser(gst_h264_nal_parser_new());
  BlackFrames frames;
  for (unsigned number = 0; number < 3 * BlackFrames::kKeyframeInterval; number++) {
    const unsigned since = number % BlackFrames::kKeyframeInterval;
    BufferPtr frame = next(&frames, {1280, 720});
    fail_unless(is_keyframe(frame.get()) == (since == 0), "%u", number);
    Parsed parsed = parse(parser.get(), frame.get());
    assert_equals_int(parsed.slice.frame_num, since);
    if (since == 0)
      continue;
    const std::vector<guint> types = {GST_H264_NAL_AU_DELIMITER, GST_H264_NAL_SLICE};
    fail_unless(parsed.types == types);
    fail_unless(GST_H264_IS_P_SLICE(&parsed.slice));
    fail_unless(gst_buffer_get_size(frame.get()) <= 20);
  }
}
GST_END_TEST;

GST_START_TEST(test_keyframes) {
  BlackFrames frames;
  fail_unless(is_keyframe(next(&frames, {640, 360}).get()));
  fail_if(is_keyframe(next(&frames, {640, 360}).get()));
  fail_unless(is_keyframe(next(&frames, {1280, 720}).get()));
  fail_if(is_keyframe(next(&frames, {1280, 720}).get()));
  frames.interrupt();
  fail_unless(is_keyframe(next(&frames, {1280, 720}).get()));
  fail_if(frames.next({0, 0}));
  fail_if(is_keyframe(next(&frames, {1280, 720}).get()));
}
GST_END_TEST;

// Three bytes that begin with two zeros begin a NAL unit, or are none of the stream's.
GST_START_TEST(test_emulation) {
  BlackFrames frames;
  for (int width = 2; width <= 1024; width += 14) {
    for (int height = 2; height <= 512; height += 18) {
      frames.interrupt();
      BufferPtr frame = next(&frames, {width, height});
      ReadMap map(frame.get());
      NalScanner units(map.data(), map.size());
      unsigned count = 0, starts = 0;
      while (units.next())
        count++;
      for (gsize at = 0; at + 2 < map.size(); at++)
        if (map.data()[at] == 0 && map.data()[at + 1] == 0 && map.data()[at + 2] < 3)
          starts++;
      assert_equals_int(count, 4);
      // Start codes have three zeros, so each is seen twice.
      assert_equals_int(starts, 8);
      fail_if(map.data()[map.size() - 1] == 0);
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_odd_sizes) {
  expect_size({1, 1}, {2, 2});
  expect_size({853, 480}, {854, 480});
  expect_size({640, 359}, {640, 360});
}
GST_END_TEST;

static const PictureSize none[] = {
    {0, 0},         {0, 360},    {640, 0},    {-640, 360},    {640, -2},      {4098, 2304},
    {8192, 4320},   {16384, 16}, {16, 16384}, {G_MAXINT, 16}, {16, G_MAXINT}, {G_MAXINT, G_MAXINT},
    {G_MININT, 360}};

GST_START_TEST(test_no_such_size) {
  BlackFrames frames;
  fail_if(frames.next(none[__i__]));
}
GST_END_TEST;

static Suite *blackframe_suite(void) {
  Suite *suite = suite_create("blackframe");
  TCase *tc = tcase_create("headers");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_headers, 0, (int) G_N_ELEMENTS(sizes));
  tcase_add_test(tc, test_ids);
  tcase_add_test(tc, test_repetitions);
  tcase_add_test(tc, test_keyframes);
  tcase_add_test(tc, test_emulation);
  tcase_add_test(tc, test_odd_sizes);
  tcase_add_loop_test(tc, test_no_such_size, 0, (int) G_N_ELEMENTS(none));
  return suite;
}

GST_CHECK_MAIN(blackframe)

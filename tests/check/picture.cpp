// SPDX-License-Identifier: LGPL-2.1-or-later
// Keyframe detection (media/picture.h), and sizes of pictures.
#include "media/picture.h"
#include "media/picturesize.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

namespace {

using Bytes = std::string;

const Bytes kStart3("\0\0\1", 3), kStart4("\0\0\0\1", 4);
const Bytes kAud("\x09\xf0", 2), kSei("\x06\x05\x01\x65\x80", 5);
const Bytes kSps("\x67\x42\xc0\x1e\xd9", 5), kPps("\x68\xce\x3c\x80", 4);

BufferPtr buffer_of(const Bytes &bytes) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, bytes.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, bytes.data(), bytes.size());
  return buffer;
}

// The same bytes in memory blocks of `piece` bytes.
BufferPtr scattered(const Bytes &bytes, size_t piece) {
  BufferPtr buffer(gst_buffer_new());
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const Bytes part = bytes.substr(at, piece);
    GstMemory *memory = gst_allocator_alloc(nullptr, part.size(), nullptr);
    GstMapInfo map;
    fail_unless(gst_memory_map(memory, &map, GST_MAP_WRITE));
    part.copy((char *) map.data, part.size());
    gst_memory_unmap(memory, &map);
    gst_buffer_append_memory(buffer.get(), memory);
  }
  return buffer;
}

const char *name(Picture p) {
  return p == Picture::Key ? "key" : p == Picture::Delta ? "delta" : "unknown";
}

void expect(const Bytes &bytes, Picture want, const char *what) {
  BufferPtr buffer = buffer_of(bytes);
  const Picture got = picture_kind(Codec::H264, buffer.get());
  fail_unless(got == want, "%s: %s, expected %s", what, name(got), name(want));
  if (bytes.empty())
    return;
  for (size_t piece : {1, 2, 3, 5}) {
    BufferPtr pieces = scattered(bytes, piece);
    fail_unless(picture_kind(Codec::H264, pieces.get()) == want, "%s in pieces of %d", what,
                (int) piece);
  }
}

Bytes slice(int type, int ref_idc = 3) {
  return Bytes(1, (char) (ref_idc << 5 | type)) + Bytes("\x88\x84\x21\xff", 4);
}

}  // namespace

static const struct {
  int type;
  Picture kind;
} slices[] = {
    {1, Picture::Delta},                                          // of a picture that is not IDR
    {2, Picture::Delta},                                          // its partitions A, B, C
    {3, Picture::Delta}, {4, Picture::Delta}, {5, Picture::Key},  // of an IDR picture
};

GST_START_TEST(test_slices) {
  const auto &s = slices[__i__];
  const std::string what = "slice of type " + std::to_string(s.type);
  for (const Bytes &start : {kStart3, kStart4}) {
    for (int ref_idc = 0; ref_idc < 4; ref_idc++) {
      expect(start + slice(s.type, ref_idc), s.kind, what.c_str());
      expect(start + kAud + start + slice(s.type, ref_idc), s.kind, what.c_str());
    }
    // Cut after its header it is a slice still.
    expect(start + slice(s.type).substr(0, 1), s.kind, what.c_str());
  }
}
GST_END_TEST;

GST_START_TEST(test_access_units) {
  for (const Bytes &start : {kStart3, kStart4}) {
    const Bytes head = start + kAud + start + kSps + start + kPps;
    expect(start + kSps + start + kPps + start + slice(5), Picture::Key, "SPS PPS IDR");
    expect(head + start + slice(5), Picture::Key, "AUD SPS PPS IDR");
    expect(head + start + kSei + start + slice(5), Picture::Key, "AUD SPS PPS SEI IDR");
    expect(head + kStart3 + slice(5) + kStart3 + slice(5), Picture::Key, "IDR of two slices");
    expect(start + kAud + start + slice(1), Picture::Delta, "AUD slice");
    expect(start + kSei + start + slice(1), Picture::Delta, "SEI slice");
    expect(start + slice(1) + kStart3 + slice(1), Picture::Delta, "two slices");
    // Parameter sets alone make no keyframe.
    expect(head + start + slice(1), Picture::Delta, "parameter sets, then no IDR");
    expect(Bytes(5, '\0') + head + start + slice(5) + Bytes(3, '\0'), Picture::Key,
           "zeros around it");
  }
  Bytes large = kStart4 + kSei + Bytes(200000, '\x65') + kStart3 + slice(5);
  BufferPtr buffer = buffer_of(large);
  fail_unless(picture_kind(Codec::H264, buffer.get()) == Picture::Key);
}
GST_END_TEST;

// Intra refresh: the stream has no IDR picture after its first one.
GST_START_TEST(test_recovery_points) {
  const Bytes recovery("\x06\x06\x01\xc4\x80", 5),
      after_timing("\x06\x01\x02\x11\x22\x06\x01\xc4\x80", 9);
  const Bytes long_one =
      Bytes("\x06\x05\xff\x02", 4) + Bytes(257, '\x55') + Bytes("\x06\x01\xc4\x80", 4);
  const Bytes intra = slice(1), inter("\x61\x98\x21\xff", 4);
  for (const Bytes &start : {kStart3, kStart4}) {
    for (const Bytes &sei : {recovery, after_timing, long_one}) {
      expect(start + kSps + start + kPps + start + sei + start + intra, Picture::Key, "intra");
      expect(start + sei + start + inter, Picture::Delta, "inter");
    }
    expect(start + kSei + start + recovery + start + intra, Picture::Key, "the second SEI");
    expect(start + intra, Picture::Delta, "no recovery point");
    expect(start + recovery.substr(0, 2) + start + inter, Picture::Delta, "cut");
    expect(start + Bytes("\x06\xff\xff", 3) + start + intra, Picture::Delta, "no end");
  }
}
GST_END_TEST;

// Each SEI message ends where the next unit begins, and none has trailing bits: however many there
// are, each byte is read a few times.
GST_START_TEST(test_many_units) {
  constexpr int kUnits = 1000000;
  const Bytes unit("\0\0\1\6\1\4", 6), start("\0\0\1", 3);
  Bytes all;
  for (int i = 0; i < kUnits; i++)
    all += unit;
  const BufferPtr buffer = buffer_of(all + start + slice(1));
  const int64_t before_us = g_get_monotonic_time();
  fail_unless(picture_kind(Codec::H264, buffer.get()) == Picture::Delta);
  ck_assert_int_lt(g_get_monotonic_time() - before_us, 5 * G_TIME_SPAN_SECOND);
}
GST_END_TEST;

GST_START_TEST(test_plain_codec) {
  const struct {
    Bytes bytes;
    std::optional<Codec> codec;
  } cases[] = {
      {Bytes("\xff\xd8\xff\xe0", 4), Codec::Jpeg},
      {Bytes("\x89PNG\r\n\x1a\n", 8), Codec::Png},
      {kStart3 + kSps, Codec::H264},
      {kStart4 + kSps, Codec::H264},
      {"", {}},
      {Bytes("\xff\xd8", 2), {}},
      {Bytes("\0\0\0\5\x65\x88", 6), {}},
      {Bytes("\0\0\0", 3), {}},
      {Bytes("GIF89a"), {}},
  };
  for (auto &one : cases)
    fail_unless(plain_codec(buffer_of(one.bytes).get()) == one.codec);
}
GST_END_TEST;

static const struct {
  const char *what;
  Bytes bytes;
} unknowns[] = {
    {"nothing", ""},
    {"no start code", Bytes("\x65\x88\x84\x00", 4)},
    {"length in place of a start code", Bytes("\0\0\0\5\x65\x88\x84\x21\xff", 9)},
    {"start code alone", kStart3},
    {"long start code alone", kStart4},
    {"start code at the end", kStart4 + kSps + kStart3},
    {"long start code at the end", kStart4 + kSps + kStart4},
    {"half a start code", Bytes("\0\0", 2)},
    {"zeros", Bytes(64, '\0')},
    {"one byte", Bytes("\x65", 1)},
    {"parameter sets alone", kStart4 + kSps + kStart4 + kPps},
    {"AUD and SEI alone", kStart4 + kAud + kStart4 + kSei},
    {"an end of sequence", kStart4 + Bytes("\x0a", 1)},
};

GST_START_TEST(test_no_slice) {
  expect(unknowns[__i__].bytes, Picture::Unknown, unknowns[__i__].what);
}
GST_END_TEST;

// What looks like a start code within a NAL unit carries an emulation prevention byte.
GST_START_TEST(test_emulation) {
  const Bytes fake("\0\0\3\1\x65\x88", 6), fake_slice("\0\0\3\1\x41\x88", 6);
  for (const Bytes &start : {kStart3, kStart4}) {
    expect(start + slice(1) + fake, Picture::Delta, "0x65 after emulation prevention");
    expect(start + kSei + fake, Picture::Unknown, "SEI with 0x65 after emulation prevention");
    expect(start + kSei + fake + start + slice(1), Picture::Delta, "SEI like that, slice");
    expect(start + kSei + fake_slice + start + slice(5), Picture::Key, "SEI like a slice, IDR");
    expect(start + kSps + Bytes("\0\0\2\x65", 4) + start + slice(1), Picture::Delta, "00 00 02");
  }
}
GST_END_TEST;

// Each picture of these stands alone.
GST_START_TEST(test_pictures) {
  BufferPtr jpeg = buffer_of(Bytes("\xff\xd8\xff\xe0\0\0\1\x41\xff\xd9", 10));
  fail_unless(picture_kind(Codec::Jpeg, jpeg.get()) == Picture::Key);
  BufferPtr png = buffer_of(Bytes("\x89PNG\r\n\x1a\n\0\0\1\x41", 12));
  fail_unless(picture_kind(Codec::Png, png.get()) == Picture::Key);
}
GST_END_TEST;

static void expect_size(Codec codec, const Bytes &bytes, int width, int height) {
  const auto size = picture_size(codec, buffer_of(bytes).get());
  fail_unless(size.has_value(), "no size of %dx%d", width, height);
  assert_equals_int(size->width, width);
  assert_equals_int(size->height, height);
}

static void expect_no_size(Codec codec, const Bytes &bytes) {
  fail_if(picture_size(codec, buffer_of(bytes).get()).has_value());
}

// Baseline, level 3: 40 by 23 macroblocks less 8 lines, and 80 by 45.
GST_START_TEST(test_h264_size) {
  const Bytes sd(
      "\x67\x42\xc0\x1e\xda\x02\x80\xbf\xe5\xc0\x5a\x83\x03\x03\x52\x80\x00\x00\x03"
      "\x00\x80\x00\x00\x19\x47\x8b\x17\x50",
      28);
  const Bytes hd("\x67\x42\xc0\x1f\xda\x01\x40\x16\xe4", 9);
  const Bytes idr("\x65\x88\x84\x00\x33", 5);
  expect_size(Codec::H264, kStart4 + kAud + kStart4 + sd + kStart4 + kPps + kStart3 + idr, 640,
              360);
  expect_size(Codec::H264, kStart4 + hd + kStart4 + kPps + kStart3 + idr, 1280, 720);
  expect_no_size(Codec::H264, kStart4 + idr);
  expect_no_size(Codec::H264, kStart4 + idr + kStart4 + sd);
  expect_no_size(Codec::H264, kStart4 + kSps.substr(0, 4));
  expect_no_size(Codec::H264, sd);
}
GST_END_TEST;

// A frame header of three components.
static Bytes frame_header(int width, int height, char marker = '\xc0') {
  const char bytes[] = {'\xff',
                        marker,
                        0,
                        17,
                        8,
                        static_cast<char>(height >> 8),
                        static_cast<char>(height),
                        static_cast<char>(width >> 8),
                        static_cast<char>(width),
                        3};
  return Bytes(bytes, sizeof bytes) + Bytes("\1\x22\0\2\x11\1\3\x11\1", 9);
}

GST_START_TEST(test_jpeg_size) {
  const Bytes start("\xff\xd8", 2), app("\xff\xe0\0\6JFIF", 8), fill("\xff", 1);
  const Bytes frame = frame_header(1280, 720), scan("\xff\xda\0\x0c", 4), end("\xff\xd9", 2);
  expect_size(Codec::Jpeg, start + app + frame, 1280, 720);
  expect_size(Codec::Jpeg, start + fill + frame, 1280, 720);
  expect_no_size(Codec::Jpeg, start + app);
  expect_no_size(Codec::Jpeg, start + scan + end);
  expect_no_size(Codec::Jpeg, app + frame);
  expect_no_size(Codec::Jpeg, start + Bytes(100, '\xff'));
  expect_no_size(Codec::Jpeg, start + Bytes("\xff\xe0\0\0", 4) + Bytes(1000, '\0'));
  expect_no_size(Codec::Jpeg, start + frame_header(0, 720));
  // What has no length of a frame header is no such header to any decoder.
  Bytes chance = frame_header(23000, 23000);
  chance[3] = 16;
  expect_size(Codec::Jpeg, start + chance + frame, 1280, 720);
}
GST_END_TEST;

// Wherever some decoder could find a larger frame, it counts.
GST_START_TEST(test_tricky_jpeg) {
  const Bytes start("\xff\xd8", 2), end("\xff\xd9", 2),
      scan("\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0", 14);
  const Bytes small = frame_header(32, 16), huge = frame_header(23000, 20000);
  const Bytes comment("\xff\xfe\0\4AA\0", 7);  // the last byte is astray
  const Bytes around("\xff\xe1\0\x40", 4);
  for (const Bytes &tricky :
       {comment + huge, Bytes("AA") + huge, around + huge, small + huge, huge + small,
        small + scan + huge, scan + huge, small + scan + Bytes("data") + end + start + huge,
        small + Bytes("\xff", 1) + huge, small + frame_header(23000, 20000, '\xc2'),
        small + frame_header(23000, 20000, '\xca'), small + frame_header(23000, 20000, '\xf7')})
    expect_size(Codec::Jpeg, start + tricky + scan + end, 23000, 20000);
  // The next buffer may begin with the rest.
  for (gsize size = 2; size < 10; size++)
    expect_no_size(Codec::Jpeg, start + small + scan + huge.substr(0, size));
}
GST_END_TEST;

GST_START_TEST(test_png_size) {
  const Bytes signature("\x89PNG\r\n\x1a\n", 8), chunk("\0\0\0\x0dIHDR", 8);
  const Bytes size("\0\0\5\0\0\0\2\xd0", 8), huge("\0\0\x80\0\0\0\x60\0", 8);
  expect_size(Codec::Png, signature + chunk + size, 1280, 720);
  expect_no_size(Codec::Png, signature + chunk + size.substr(0, 7));
  expect_no_size(Codec::Png, signature + chunk + Bytes(8, '\0'));
  expect_no_size(Codec::Png, chunk + size);
  const auto most = picture_size(Codec::Png, buffer_of(signature + chunk + Bytes(8, '\xff')).get());
  ck_assert(most && !most->is_sane());
  // Decoders skip chunks before it, and go on behind the end.
  const Bytes other("\0\0\0\0aaaa\1\2\3\4", 12);
  expect_size(Codec::Png, signature + other + chunk + huge, 32768, 24576);
  expect_size(Codec::Png, signature + chunk + size + other + signature + chunk + huge, 32768,
              24576);
  expect_no_size(Codec::Png, signature + chunk + size + other + chunk + huge.substr(0, 4));
}
GST_END_TEST;

// Of three and of four bytes, in front of the slices only.
GST_START_TEST(test_parameter_sets) {
  const Bytes start("\0\0\1", 3), long_start("\0\0\0\1", 4);
  const Bytes delimiter("\x09\xf0", 2), sps("\x67\x42\xc0\x1f\x80", 5), pps("\x68\xce\x3c\x80", 4);
  const Bytes slice("\x65\x88\x80\x10", 4);
  const auto expect = [](const Bytes &unit, const Bytes &sets) {
    const BufferPtr buffer(gst_buffer_new_memdup(unit.data(), unit.size()));
    ck_assert(parameter_sets(buffer.get()) == sets);
  };
  const Bytes sets = long_start + sps + long_start + pps;
  expect(long_start + delimiter + long_start + sps + start + pps + start + slice, sets);
  expect(start + sps + long_start + pps, sets);
  expect(start + slice + start + sps, "");
  expect(long_start + slice, "");
  expect(start, "");
}
GST_END_TEST;

static Suite *picture_suite(void) {
  Suite *suite = suite_create("picture");
  TCase *tc = tcase_create("h264");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_slices, 0, (int) G_N_ELEMENTS(slices));
  tcase_add_test(tc, test_access_units);
  tcase_add_test(tc, test_recovery_points);
  tcase_add_test(tc, test_many_units);
  tcase_add_test(tc, test_plain_codec);
  tcase_add_loop_test(tc, test_no_slice, 0, (int) G_N_ELEMENTS(unknowns));
  tcase_add_test(tc, test_emulation);
  tcase_add_test(tc, test_pictures);
  tcase_add_test(tc, test_parameter_sets);
  tcase_add_test(tc, test_h264_size);
  tcase_add_test(tc, test_jpeg_size);
  tcase_add_test(tc, test_tricky_jpeg);
  tcase_add_test(tc, test_png_size);
  return suite;
}

GST_CHECK_MAIN(picture)

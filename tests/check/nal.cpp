// SPDX-License-Identifier: LGPL-2.1-or-later
// H.264 without what parsers cannot stand.
#include "media/nal.h"

#include "media/gstptr.h"
#include "media/picturesize.h"

#include <random>
#include <string>
#include <tuple>

#include "gst_check.h"

namespace {

using namespace rtms;

std::string unit(unsigned type, const std::string &body = "abc") {
  return std::string("\0\0\1", 3) + static_cast<char>(0x60 | type) + body;
}

class BitWriter {
 public:
  BitWriter &bits(unsigned count, unsigned value) {
    while (count-- > 0) {
      if (filled_++ % 8 == 0)
        bytes_ += '\0';
      bytes_.back() =
          static_cast<char>(bytes_.back() | (value >> count & 1) << (7 - (filled_ - 1) % 8));
    }
    return *this;
  }
  BitWriter &golomb(unsigned value) {
    unsigned length = 0;
    while ((value + 1) >> (length + 1))
      length++;
    return bits(length, 0).bits(length + 1, value + 1);
  }
  const std::string &bytes() const { return bytes_; }

 private:
  std::string bytes_;
  unsigned filled_ = 0;
};

std::string escaped(const std::string &bytes) {
  std::string all;
  for (char byte : bytes) {
    if (all.size() >= 2 && !all.back() && !all.end()[-2] && static_cast<unsigned char>(byte) <= 3)
      all += '\3';
    all += byte;
  }
  return all;
}

struct Sps {
  unsigned profile = 77, width = 40, height = 23;  // in macroblocks
  enum class Chroma { None, Plain, Lists } chroma = Chroma::None;
  unsigned order_count = 2;  // pic_order_cnt_type
  bool fields = false, cropped = false;
  unsigned offset = 0;  // offset_for_non_ref_pic
};

std::string bits_of(const Sps &sps) {
  BitWriter out;
  out.bits(8, sps.profile).bits(16, 62).golomb(1);
  if (sps.chroma != Sps::Chroma::None)
    out.golomb(1).golomb(0).golomb(0).bits(1, 0).bits(1, sps.chroma == Sps::Chroma::Lists);
  if (sps.chroma == Sps::Chroma::Lists) {
    out.bits(1, 1).golomb(16).bits(1, 1);  // the first one is the default
    for (int i = 0; i < 16; i++)
      out.golomb(1);
    out.bits(6, 1);
    for (int i = 0; i < 64; i++)
      out.golomb(i % 2 + 1);
  }
  out.golomb(0).golomb(sps.order_count);
  if (sps.order_count == 0)
    out.golomb(4);
  if (sps.order_count == 1)
    out.bits(1, 0).golomb(sps.offset).golomb(7).golomb(2).golomb(1000).golomb(3);
  out.golomb(1).bits(1, 0).golomb(sps.width - 1).golomb(sps.height - 1).bits(1, !sps.fields);
  if (sps.fields)
    out.bits(1, 0);
  out.bits(1, 1).bits(1, sps.cropped);
  if (sps.cropped)  // all but a few lines and columns
    out.golomb(0).golomb(sps.width * 8 - 1).golomb(0).golomb(sps.height * 8 - 1);
  return out.bits(1, 0).bits(1, 1).bytes();
}

std::string sps_of(const Sps &sps) {
  return unit(7, escaped(bits_of(sps)));
}

bool begins_oversized(const std::string &bytes) {
  return rtms::begins_oversized(BufferPtr(gst_buffer_new_memdup(bytes.data(), bytes.size())).get());
}

// What is left of an access unit; "dropped" for nothing.
std::string left_of(const std::string &bytes, GstBufferFlags flags = GstBufferFlags(0)) {
  GstBuffer *buffer = gst_buffer_new_memdup(bytes.data(), bytes.size());
  GST_BUFFER_PTS(buffer) = GST_SECOND;
  GST_BUFFER_FLAG_SET(buffer, flags);
  GstPadProbeInfo info{};
  info.type = GST_PAD_PROBE_TYPE_BUFFER;
  info.data = buffer;
  const GstPadProbeReturn result = clean_h264(&info);
  const BufferPtr left(GST_PAD_PROBE_INFO_BUFFER(&info));
  if (result == GST_PAD_PROBE_DROP)
    return "dropped";
  ck_assert_int_eq(result, GST_PAD_PROBE_OK);
  assert_equals_uint64(GST_BUFFER_PTS(left.get()), GST_SECOND);
  ck_assert_int_eq(GST_BUFFER_FLAGS(left.get()) & GST_BUFFER_FLAG_DELTA_UNIT, flags);
  const ReadMap map(left.get());
  return std::string(reinterpret_cast<const char *>(map.data()), map.size());
}

}  // namespace

GST_START_TEST(test_removes) {
  const std::string sps = unit(7), pps = unit(8), idr = unit(5), slice = unit(1);
  for (const std::string &plain : {sps + pps + idr, slice, unit(9) + unit(6) + slice + slice})
    ck_assert(left_of(plain) == plain);
  for (unsigned type : {10U, 11U, 14U, 15U, 20U, 21U}) {
    const std::string extension = unit(type, "xyz");
    ck_assert(left_of(extension + sps + pps + idr) == sps + pps + idr);
    ck_assert(left_of(sps + extension + pps + extension + extension + idr) == sps + pps + idr);
    ck_assert(left_of(idr + extension, GST_BUFFER_FLAG_DELTA_UNIT) == idr);
    ck_assert(left_of(extension + extension) == "dropped");
  }
  // No unit follows.
  const std::string zeros("\0\0", 2), code("\0\0\1", 3);
  ck_assert(left_of(idr + code) == idr);
  ck_assert(left_of(idr + zeros + code + code) == idr);
  ck_assert(left_of(idr + zeros) == idr + zeros);
  ck_assert(left_of(code) == "dropped");
  // No H.264.
  ck_assert(left_of("no start code") == "dropped");
  ck_assert(left_of("something" + idr) == idr);
  ck_assert(left_of("something" + unit(15) + idr) == idr);
}
GST_END_TEST;

// Found by a stranger: the parser of GStreamer 1.22 crashes at this subset SPS.
GST_START_TEST(test_subset_sps) {
  const guint8 bytes[] = {0x00, 0x00, 0x00, 0x01, 0x6f, 0x80, 0x55, 0xb0, 0x3f, 0x13, 0x57, 0x04,
                          0xcb, 0x0f, 0x30, 0x5b, 0x8f, 0x48, 0x94, 0x0a, 0x88, 0xee, 0x7e, 0x28,
                          0x5b, 0x1c, 0x33, 0x9f, 0xe7, 0x4a, 0x5c, 0xfc, 0x15, 0x43, 0x51};
  const std::string text(reinterpret_cast<const char *>(bytes), sizeof bytes);
  ck_assert(left_of(text) == "dropped");
  ck_assert(left_of(text + '\0' + unit(5)) == '\0' + unit(5));
}
GST_END_TEST;

// However its fields lead up to the size.
GST_START_TEST(test_oversized_sps) {
  const std::string slice = unit(5), delta = unit(1), normal = sps_of({});
  using Chroma = Sps::Chroma;
  for (Sps sps : {Sps{}, Sps{66}, Sps{88}, Sps{100, 1, 1, Chroma::Plain},
                  Sps{100, 1, 1, Chroma::Lists}, Sps{244, 1, 1, Chroma::Lists, 0},
                  Sps{77, 1, 1, Chroma::None, 0}, Sps{77, 1, 1, Chroma::None, 1},
                  Sps{144, 1, 1, Chroma::None}, Sps{144, 1, 1, Chroma::Plain}}) {
    for (auto [width, height, fields] : {std::make_tuple(512U, 272U, false), {256, 136, true}}) {
      sps.width = width, sps.height = height, sps.fields = fields;
      const std::string most = sps_of(sps);
      ck_assert(!begins_oversized(most + slice) || sps.profile == 144);
      ck_assert(left_of(most + slice) == most + slice || sps.profile == 144);
    }
    for (auto [width, height, fields] :
         {std::make_tuple(512U, 273U, false), {1024, 1000, false}, {512, 137, true}})
      for (bool cropped : {false, true}) {
        sps.width = width, sps.height = height, sps.fields = fields, sps.cropped = cropped;
        const std::string huge = sps_of(sps);
        for (const std::string &head : {huge, normal + huge, unit(9) + huge + normal}) {
          ck_assert(begins_oversized(head + slice));
          ck_assert(begins_oversized(head + delta));
        }
        ck_assert(left_of(normal + huge + slice + delta) == normal + slice + delta);
        ck_assert(left_of(delta + huge, GST_BUFFER_FLAG_DELTA_UNIT) == delta);
        ck_assert(left_of(huge) == "dropped");
      }
  }
}
GST_END_TEST;

// libavcodec ignores what is missing at the end, and tries again without unescaping.
GST_START_TEST(test_broken_sps) {
  const std::string slice = unit(5);
  Sps huge;
  huge.width = huge.height = 4096;
  const std::string bytes = bits_of(huge);
  ck_assert(begins_oversized(unit(7, escaped(bytes.substr(0, bytes.size() - 1))) + slice));
  // Here 03 is an emulation prevention byte to the first try only.
  unsigned found = 0;
  for (unsigned length = 17; length < 30; length++) {
    Sps shifted{77, 4096, 4096, Sps::Chroma::None, 1};
    shifted.offset = (3U << length) - 1;
    const std::string raw = bits_of(shifted);
    if (raw.find(std::string("\0\0\3", 3)) == raw.npos)
      continue;
    found++;
    ck_assert(begins_oversized(unit(7, raw) + slice));
  }
  ck_assert_uint_gt(found, 0);
  ck_assert(!begins_oversized(unit(7) + slice));
  ck_assert(!begins_oversized(unit(7, "") + slice));
  ck_assert(!begins_oversized(unit(7, "")));
  ck_assert(!begins_oversized(slice + sps_of(huge)));
}
GST_END_TEST;

// Where the parser of h264parse reads a size that is too large, so does this reader.
GST_START_TEST(test_random_sps) {
  std::minstd_rand random(7);
  unsigned found = 0;
  for (int i = 0; i < 20000; i++) {
    Sps huge{i % 2 ? 77U : 100U, 512, 300};
    if (i % 2 == 0)
      huge.chroma = i % 4 ? Sps::Chroma::Plain : Sps::Chroma::Lists;
    huge.order_count = static_cast<unsigned>(i) % 3;
    std::string sps = sps_of(huge);
    for (unsigned changes = random() % 3; changes > 0; changes--)
      sps[4 + random() % (sps.size() - 4)] ^= static_cast<char>(1U << random() % 8);
    const std::string all = sps + unit(5);
    const BufferPtr buffer(gst_buffer_new_memdup(all.data(), all.size()));
    const auto size = picture_size(Codec::H264, buffer.get());
    if (!size || size->is_sane())
      continue;
    found++;
    ck_assert(begins_oversized(all));
  }
  ck_assert_uint_gt(found, 1000);
}
GST_END_TEST;

static Suite *nal_suite() {
  Suite *suite = suite_create("nal");
  TCase *cases = tcase_create("cases");
  tcase_add_test(cases, test_removes);
  tcase_add_test(cases, test_subset_sps);
  tcase_add_test(cases, test_oversized_sps);
  tcase_add_test(cases, test_broken_sps);
  tcase_add_test(cases, test_random_sps);
  suite_add_tcase(suite, cases);
  return suite;
}

GST_CHECK_MAIN(nal)

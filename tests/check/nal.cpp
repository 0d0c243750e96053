// SPDX-License-Identifier: LGPL-2.1-or-later
// H.264 without what parsers cannot stand.
#include "media/nal.h"

#include "media/gstptr.h"

#include <string>

#include "gst_check.h"

namespace {

using namespace rtms;

std::string unit(unsigned type, const std::string &body = "abc") {
  return std::string("\0\0\1", 3) + static_cast<char>(0x60 | type) + body;
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

static Suite *nal_suite() {
  Suite *suite = suite_create("nal");
  TCase *cases = tcase_create("cases");
  tcase_add_test(cases, test_removes);
  tcase_add_test(cases, test_subset_sps);
  suite_add_tcase(suite, cases);
  return suite;
}

GST_CHECK_MAIN(nal)

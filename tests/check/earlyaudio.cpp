// SPDX-License-Identifier: LGPL-2.1-or-later
// A push begins with a keyframe, and with the audio of its time, which was encoded earlier.
#include "broadcast/earlyaudio.h"

#include <gst/check/gstcheck.h>

namespace {

using rtms::BufferPtr;
using rtms::SamplePtr;
using rtms::recorder::EarlyAudio;

constexpr GstClockTime kPacket = 20 * GST_MSECOND;

void add(EarlyAudio *early, GstClockTime from, GstClockTime to) {
  for (GstClockTime at = from; at < to; at += kPacket) {
    BufferPtr buffer(gst_buffer_new());
    GST_BUFFER_PTS(buffer.get()) = at;
    early->add(SamplePtr(gst_sample_new(buffer.get(), nullptr, nullptr, nullptr)));
  }
}

void expect(const std::deque<SamplePtr> &samples, GstClockTime from, GstClockTime to) {
  ck_assert_uint_eq(samples.size(), (to - from) / kPacket);
  for (const SamplePtr &sample : samples) {
    ck_assert_uint_eq(GST_BUFFER_PTS(gst_sample_get_buffer(sample.get())), from);
    from += kPacket;
  }
}

}  // namespace

GST_START_TEST(test_from_the_keyframe) {
  EarlyAudio early;
  add(&early, 0, 2 * GST_SECOND);
  expect(early.take(GST_SECOND), GST_SECOND, 2 * GST_SECOND);
  // What was taken is pushed once.
  expect(early.take(0), 0, 0);
}
GST_END_TEST;

// The video is as early as the audio.
GST_START_TEST(test_nothing_to_hear) {
  EarlyAudio early;
  add(&early, 0, GST_SECOND);
  expect(early.take(GST_SECOND), 0, 0);
}
GST_END_TEST;

// The server is away for an hour.
GST_START_TEST(test_limit) {
  constexpr GstClockTime kEnd = 3600 * GST_SECOND;
  EarlyAudio early;
  add(&early, 0, kEnd);
  expect(early.take(0), kEnd - 5 * GST_SECOND - kPacket, kEnd);
}
GST_END_TEST;

static Suite *earlyaudio_suite() {
  Suite *suite = suite_create("earlyaudio");
  TCase *tcase = tcase_create("audio");
  tcase_add_test(tcase, test_from_the_keyframe);
  tcase_add_test(tcase, test_nothing_to_hear);
  tcase_add_test(tcase, test_limit);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(earlyaudio)

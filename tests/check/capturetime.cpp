// SPDX-License-Identifier: LGPL-2.1-or-later
// The capture time at which a recording starts, and how far the clocks drift until its end.
#include "meeting/capturetime.h"

#include "gst_check.h"

namespace {

using rtms::BufferPtr;
using rtms::CapsPtr;
using rtms::recorder::CaptureTime;

constexpr int64_t kStart_ms = 1700000000000, kHour_ms = 3600000;

// A packet of 20 ms, `late_ms` later by the service's clock than by that of the recording.
void note(CaptureTime *capture, int64_t running_ms, int64_t late_ms, bool is_audio = true) {
  BufferPtr buffer(gst_buffer_new());
  CapsPtr unix_time(gst_caps_new_empty_simple("timestamp/x-unix"));
  const auto ns = [](int64_t ms) { return static_cast<GstClockTime>(ms) * GST_MSECOND; };
  gst_buffer_add_reference_timestamp_meta(
      buffer.get(), unix_time.get(), ns(kStart_ms + running_ms + late_ms), GST_CLOCK_TIME_NONE);
  GST_BUFFER_DURATION(buffer.get()) = ns(20);
  capture->note(buffer.get(), ns(running_ms), is_audio);
}

}  // namespace

GST_START_TEST(test_unknown) {
  const CaptureTime capture;
  ck_assert_int_eq(capture.start_ms(), 0);
  ck_assert_int_eq(capture.drift_ms(), 0);
}
GST_END_TEST;

// Clocks that differ by 200 ppm, in either direction. Computed from the first media, the start is
// right; computed from the last, it is off by the drift.
GST_START_TEST(test_drift) {
  for (const int64_t drift_ms : {kHour_ms / 5000, -kHour_ms / 5000, INT64_C(0)}) {
    CaptureTime capture;
    note(&capture, 40, 0);
    note(&capture, kHour_ms, drift_ms);
    ck_assert_int_eq(capture.start_ms(), kStart_ms + drift_ms);
    ck_assert_int_eq(capture.drift_ms(), drift_ms);
    ck_assert_int_eq(capture.start_ms() - capture.drift_ms(), kStart_ms);
    ck_assert_uint_eq(capture.ends().audio, (kHour_ms + 20) * GST_MSECOND);
  }
}
GST_END_TEST;

// No clock is off by 10 s in an hour: the first packet had another time.
GST_START_TEST(test_odd) {
  CaptureTime capture;
  note(&capture, 0, -10000);
  note(&capture, kHour_ms, 0);
  ck_assert_int_eq(capture.start_ms(), kStart_ms);
  ck_assert_int_eq(capture.drift_ms(), 0);
}
GST_END_TEST;

// Audio has no gaps, so its times count; those of video if there is no audio.
GST_START_TEST(test_video) {
  CaptureTime capture;
  note(&capture, 0, 7, false);
  note(&capture, 60000, 17, false);
  ck_assert_int_eq(capture.start_ms(), kStart_ms + 17);
  ck_assert_int_eq(capture.drift_ms(), 10);
  note(&capture, 60020, 0);
  note(&capture, 60040, 17, false);
  ck_assert_int_eq(capture.start_ms(), kStart_ms);
  ck_assert_int_eq(capture.drift_ms(), 0);
}
GST_END_TEST;

static Suite *capturetime_suite() {
  Suite *suite = suite_create("capturetime");
  TCase *tcase = tcase_create("capturetime");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_unknown);
  tcase_add_test(tcase, test_drift);
  tcase_add_test(tcase, test_odd);
  tcase_add_test(tcase, test_video);
  return suite;
}

GST_CHECK_MAIN(capturetime)

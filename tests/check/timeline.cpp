// SPDX-License-Identifier: LGPL-2.1-or-later
// Unix ms → positions → running time.
#include "time/timeline.h"

#include <gst/gst.h>
#include "gst_check.h"

#include <climits>

using namespace rtms;

namespace {

const int64_t kStart = 1738392033699;  // Unix ms
const int64_t kMs = GST_MSECOND;
const int64_t kSecond = GST_SECOND;

// What a sink makes of a position.
int64_t running(const Timeline &t, int64_t unix_ms) {
  Timeline::Segment s = t.segment();
  return t.position(unix_ms) - (int64_t) s.start + (int64_t) s.base;
}

}  // namespace

GST_START_TEST(test_first_media) {
  Timeline t;
  fail_if(t.anchored());
  t.anchor(kStart, 3 * kSecond);
  fail_unless(t.anchored());
  assert_equals_int64(t.zero_ms(), kStart);
  assert_equals_int64(t.position(kStart), 0);
  assert_equals_int64(t.position(kStart + 20), 20 * kMs);
  assert_equals_int64(t.position(kStart + 86400000), 86400 * kSecond);
  assert_equals_int64(t.position(kStart - 1), -kMs);
  assert_equals_int64(running(t, kStart), 3 * kSecond);
  assert_equals_int64(running(t, kStart + 40), 3 * kSecond + 40 * kMs);
}
GST_END_TEST;

static const struct {
  int64_t before_ms;  // how long FIRST_PACKET_TIMESTAMP lies before the first media
  bool counts;
} first_packets[] = {
    {0, true},      {1, true},        {5000, true}, {60000, true},  {89999, true},
    {90001, false}, {3600000, false}, {-1, false},  {-5000, false}, {kStart, false},
};

GST_START_TEST(test_first_packet) {
  const auto &p = first_packets[__i__];
  for (int64_t arrival : {int64_t(0), kSecond, 200 * kSecond}) {
    Timeline t;
    t.first_packet(kStart - p.before_ms);
    fail_if(t.anchored());
    t.anchor(kStart, arrival);
    fail_unless(t.anchored());
    const int64_t zero = p.counts ? kStart - p.before_ms : kStart;
    assert_equals_int64(t.zero_ms(), zero);
    assert_equals_int64(t.position(kStart), (kStart - zero) * kMs);
    assert_equals_int64(t.position(zero), 0);
    // The first media is played when it arrives.
    assert_equals_int64(running(t, kStart), arrival);
    assert_equals_int64(running(t, kStart + 1000), arrival + kSecond);
  }
}
GST_END_TEST;

// After a pause: positions go on, running time starts anew.
GST_START_TEST(test_anchor_again) {
  for (bool event : {false, true}) {
    Timeline t;
    if (event)
      t.first_packet(kStart - 7000);
    t.anchor(kStart, kSecond);
    const int64_t zero = t.zero_ms();
    t.anchor(kStart + 600000, 5 * kSecond);
    assert_equals_int64(t.zero_ms(), zero);
    assert_equals_int64(t.position(kStart + 600000), (kStart + 600000 - zero) * kMs);
    assert_equals_int64(running(t, kStart + 600000), 5 * kSecond);
    assert_equals_int64(running(t, kStart + 600020), 5 * kSecond + 20 * kMs);
  }
}
GST_END_TEST;

// One time line: an event that comes late does not move what was played already.
GST_START_TEST(test_late_first_packet) {
  Timeline t;
  t.anchor(kStart, kSecond);
  t.first_packet(kStart - 4000);
  assert_equals_int64(t.position(kStart), 0);
  assert_equals_int64(running(t, kStart), kSecond);
  t.anchor(kStart + 10000, 2 * kSecond);
  assert_equals_int64(t.position(kStart), 0);
  assert_equals_int64(running(t, kStart + 10000), 2 * kSecond);
}
GST_END_TEST;

// The server's clock has jumped: what it says is later than it was by so much.
GST_START_TEST(test_shift) {
  Timeline t;
  t.anchor(kStart, kSecond);
  t.shift(5000);
  assert_equals_int64(t.position(kStart), 5 * kSecond);
  assert_equals_int64(t.position(kStart - 5000 + 20), 20 * kMs);
  t.shift(-5000);
  assert_equals_int64(t.position(kStart), 0);
  assert_equals_int64(running(t, kStart), kSecond);
}
GST_END_TEST;

// A clock that is slower by 100 ppm, for three hours, and a short pause: positions go on where they
// were.
GST_START_TEST(test_skew_over_a_pause) {
  constexpr int64_t kMs_h = 3600 * 1000;
  Timeline t;
  t.anchor(kStart, 0);
  int64_t ms = 0;
  for (; ms < 3 * kMs_h; ms += 20)
    t.observe(UsualDelay::Audio, t.position(kStart + ms), ms * kMs + ms * kMs / 10000);
  const int64_t skew_ns = t.skew_ns(), before_ns = t.position(kStart + ms) + skew_ns;
  fail_unless(skew_ns > kSecond / 2, "%" G_GINT64_FORMAT, skew_ns);
  t.anchor(kStart + ms, before_ns);
  assert_equals_int64(t.skew_ns(), 0);
  fail_unless(std::abs(t.position(kStart + ms) - before_ns) <= kMs);
}
GST_END_TEST;

// A GstSegment made of it does the same.
GST_START_TEST(test_gst_segment) {
  for (int64_t arrival : {int64_t(0), 2 * kSecond, 100 * kSecond}) {
    Timeline t;
    t.first_packet(kStart - 30000);
    t.anchor(kStart, arrival);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = t.segment().start;
    segment.base = t.segment().base;
    assert_equals_uint64(
        gst_segment_to_running_time(&segment, GST_FORMAT_TIME, (guint64) t.position(kStart)),
        (guint64) arrival);
  }
}
GST_END_TEST;

// The parser lets times of 0 to 9e12 ms pass, no others.
static const int64_t absurd[] = {0, 1, 100000000000, 9000000000000};

// What a service may send overflows nothing.
GST_START_TEST(test_absurd_times) {
  const int64_t at = absurd[__i__];
  Timeline t;
  t.anchor(kStart, kSecond);
  if (at > kStart)
    fail_unless(t.position(at) > 0);
  else
    fail_unless(t.position(at) < 0);
  Timeline u;
  u.first_packet(at);
  u.anchor(kStart, kSecond);
  assert_equals_int64(u.zero_ms(), kStart);
  Timeline v;
  v.first_packet(kStart);
  v.anchor(at, kSecond);
  fail_unless(v.anchored());
  v.segment();
}
GST_END_TEST;

// Relative times count from the stream's start; which of the two known ones that is, the time at
// which the text came tells.
GST_START_TEST(test_start_of_relative_times) {
  Timeline t;
  assert_equals_int64(t.start_ms(1000, kStart), kStart);
  t.first_packet(kStart);
  assert_equals_int64(t.start_ms(1000, kStart + 1500), kStart);
  // Far too early to be position 0: the client came late.
  t.anchor(kStart + 300000, 0);
  assert_equals_int64(t.zero_ms(), kStart + 300000);
  assert_equals_int64(t.start_ms(308000, kStart + 310000), kStart);
  assert_equals_int64(t.start_ms(8000, kStart + 310000), kStart + 300000);
  for (int64_t strange : {INT64_MIN, INT64_MIN + 1, INT64_MAX})
    t.start_ms(strange, absurd[__i__]);
}
GST_END_TEST;

static Suite *timeline_suite(void) {
  Suite *suite = suite_create("timeline");
  TCase *tc = tcase_create("timeline");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_first_media);
  tcase_add_loop_test(tc, test_first_packet, 0, (int) G_N_ELEMENTS(first_packets));
  tcase_add_test(tc, test_anchor_again);
  tcase_add_test(tc, test_late_first_packet);
  tcase_add_test(tc, test_shift);
  tcase_add_test(tc, test_skew_over_a_pause);
  tcase_add_test(tc, test_gst_segment);
  tcase_add_loop_test(tc, test_absurd_times, 0, (int) G_N_ELEMENTS(absurd));
  tcase_add_loop_test(tc, test_start_of_relative_times, 0, (int) G_N_ELEMENTS(absurd));
  return suite;
}

GST_CHECK_MAIN(timeline)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Packets of 20 ms whose timestamps have jitter, pauses and drift.
#include "media/audioalign.h"

#include "gst_check.h"

#include <cmath>
#include <random>

using rtms::AudioAlign;

namespace {

constexpr int kRate = 16000;
constexpr GstClockTime kPacket = 20 * GST_MSECOND;
constexpr int kTenMinutes = 10 * 60 * 50;

GstClockTime true_pts(int packet) {
  return GST_SECOND + static_cast<GstClockTime>(packet) * kPacket;
}

class Jitter {
 public:
  explicit Jitter(int max_ms) : ms_(-max_ms, max_ms) {}
  GstClockTime operator()(GstClockTime pts) {
    return pts + static_cast<GstClockTime>(ms_(random_)) * GST_MSECOND;
  }

 private:
  std::mt19937 random_{7};
  std::uniform_int_distribution<GstClockTimeDiff> ms_;
};

AudioAlign aligner() {
  AudioAlign align;
  align.set_rate(kRate);
  return align;
}

double off_ms(GstClockTime pts, GstClockTime want) {
  return std::abs(static_cast<double>(GST_CLOCK_DIFF(want, pts))) / GST_MSECOND;
}

}  // namespace

GST_START_TEST(test_contiguous) {
  AudioAlign align = aligner();
  Jitter jitter(3);
  GstClockTime end = GST_CLOCK_TIME_NONE;
  for (int i = 0; i < kTenMinutes; i++) {
    const auto result = align.process(jitter(true_pts(i)), kPacket, false);
    assert_equals_int(result.discont, i == 0);
    if (i > 0)
      assert_equals_uint64(result.pts, end);
    end = result.pts + result.duration;
    fail_unless(off_ms(result.pts, true_pts(i)) <= 4, "packet %d", i);
  }
}
GST_END_TEST;

// However wrong the first timestamp is, from the first second on the audio is where it belongs.
GST_START_TEST(test_first_timestamp_is_off) {
  AudioAlign align = aligner();
  Jitter jitter(15);
  const GstClockTime first = true_pts(0) + static_cast<GstClockTime>(__i__) * GST_MSECOND;
  align.process(first, kPacket, false);
  int discontinuities = 0;
  for (int i = 1; i < kTenMinutes; i++) {
    const auto result = align.process(jitter(true_pts(i)), kPacket, false);
    discontinuities += result.discont;
    if (i >= 100)
      fail_unless(off_ms(result.pts, true_pts(i)) <= 7, "packet %d is %.1f ms off", i,
                  off_ms(result.pts, true_pts(i)));
  }
  fail_unless(discontinuities <= 3, "%d discontinuities", discontinuities);
}
GST_END_TEST;

GST_START_TEST(test_pause) {
  AudioAlign align = aligner();
  for (int i = 0; i < 50; i++)
    align.process(true_pts(i), kPacket, false);
  // Muted for 200 ms: nothing of what follows is early, not even at first.
  for (int i = 60; i < 110; i++) {
    const auto result = align.process(true_pts(i), kPacket, false);
    assert_equals_int(result.discont, i == 60);
    assert_equals_uint64(result.pts, true_pts(i));
  }
}
GST_END_TEST;

GST_START_TEST(test_asked_for_discont) {
  AudioAlign align = aligner();
  align.process(true_pts(0), kPacket, false);
  const auto result = align.process(true_pts(1) + 10 * GST_MSECOND, kPacket, true);
  fail_unless(result.discont);
  assert_equals_uint64(result.pts, true_pts(1) + 10 * GST_MSECOND);
}
GST_END_TEST;

// The same time again and again, or one from before: time stands still, but never goes back.
GST_START_TEST(test_never_back) {
  AudioAlign align = aligner();
  GstClockTime last = 0;
  for (int i = 0; i < 300; i++) {
    const int packet = i < 50 ? i : i < 100 ? 50 : i < 150 ? 40 : i - 90;
    const auto result = align.process(true_pts(packet), kPacket, i == 120);
    fail_unless(result.pts >= last, "packet %d", i);
    last = result.pts;
  }
  fail_unless(off_ms(last, true_pts(209)) <= 7, "%.1f ms off", off_ms(last, true_pts(209)));
}
GST_END_TEST;

// A server whose clock is 3 s behind goes on in place of another one, at the pace of life, until
// the mapping moves. One whose audio comes in a burst, or for too long, is not followed.
GST_START_TEST(test_other_clock) {
  constexpr GstClockTime kBehind = 3 * GST_SECOND;
  constexpr int kLast = 199, kMoves = 320;
  AudioAlign align = aligner();
  for (int i = 0; i < 400; i++) {
    const bool behind = i > kLast && i < kMoves;
    // Positions never go back.
    const auto result = align.process(true_pts(behind ? kLast : i), kPacket, i == kLast + 1,
                                      {true_pts(i), behind ? kBehind : 0});
    fail_unless(off_ms(result.pts, true_pts(i)) <= 1, "packet %d", i);
    assert_equals_int(result.discont, i == 0 || i == kLast + 1);
  }
  const GstClockTime now = true_pts(400);
  for (int i = 0; i < 100; i++)
    fail_unless(align.process(true_pts(399), kPacket, i == 0, {now, kBehind}).pts <=
                now + 120 * GST_MSECOND);
  GstClockTime last = 0;
  for (int i = 0; i < 500; i++)
    last = align.process(true_pts(399), kPacket, false, {true_pts(410 + i), kBehind}).pts;
  fail_unless(last < true_pts(410 + 320));
}
GST_END_TEST;

// Timestamps of whole tenths of a second, or of whole seconds: each packet follows the last one,
// also where those of one timestamp come in a burst.
GST_START_TEST(test_coarse_timestamps) {
  for (GstClockTime grid : {100 * GST_MSECOND, 200 * GST_MSECOND, GST_SECOND}) {
    for (bool burst : {false, true}) {
      AudioAlign align = aligner();
      const GstClockTime begin = true_pts(0) / grid * grid;
      for (int i = 0; i < kTenMinutes; i++) {
        const GstClockTime says = true_pts(i) / grid * grid;
        const auto result =
            align.process(says, kPacket, false, {burst ? says : true_pts(i), GstClockTime{0}});
        fail_unless(result.discont == (i == 0), "packet %d", i);
        fail_unless(off_ms(result.pts, begin + static_cast<GstClockTime>(i) * kPacket) <= 12,
                    "packet %d", i);
      }
    }
  }
}
GST_END_TEST;

// 200 ppm: followed in small steps, never far off.
GST_START_TEST(test_drift) {
  AudioAlign align = aligner();
  for (int i = 0; i < kTenMinutes; i++) {
    const GstClockTime pts = true_pts(i) + true_pts(i) / 5000;
    const auto result = align.process(pts, kPacket, false);
    fail_unless(off_ms(result.pts, pts) <= 8, "packet %d is %.1f ms off", i,
                off_ms(result.pts, pts));
  }
}
GST_END_TEST;

static Suite *audioalign_suite(void) {
  Suite *suite = suite_create("audioalign");
  TCase *tc = tcase_create("audioalign");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_contiguous);
  tcase_add_loop_test(tc, test_first_timestamp_is_off, -15, 16);
  tcase_add_test(tc, test_pause);
  tcase_add_test(tc, test_asked_for_discont);
  tcase_add_test(tc, test_never_back);
  tcase_add_test(tc, test_other_clock);
  tcase_add_test(tc, test_coarse_timestamps);
  tcase_add_test(tc, test_drift);
  return suite;
}

GST_CHECK_MAIN(audioalign)

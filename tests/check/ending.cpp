// SPDX-License-Identifier: LGPL-2.1-or-later
// When a stream that was terminated is over: the time and the media are the test's own.
#include "session/ending.h"

#include <gst/check/gstcheck.h>

#include <utility>

using namespace rtms;

namespace {

constexpr int64_t kNow_ms = 5000000, kCaptured_ms = 1738392033000;

// Audio of so many ms comes in each round, for so many rounds. How many rounds there were.
// `video_ms` is how far the video was before the end, and `told_ms` what the end says of its own
// time.
unsigned rounds(int64_t media_per_round_ms, unsigned busy, int64_t video_ms = 0,
                int64_t told_ms = 0) {
  Ending ending;
  ending.media(Media::Audio, kCaptured_ms);
  if (video_ms)
    ending.media(Media::Video, kCaptured_ms + video_ms);
  ending.begin(kNow_ms, told_ms ? kCaptured_ms + told_ms : 0);
  for (unsigned round = 1; round <= 1000; round++) {
    if (round <= busy)
      ending.media(Media::Audio, kCaptured_ms + media_per_round_ms * round);
    if (ending.over(kNow_ms + int64_t{Ending::kRound_ms} * round))
      return ending.rounds();
  }
  return 0;
}

}  // namespace

GST_START_TEST(test_quiet) {
  ck_assert_uint_eq(rounds(0, 0), 1);
}
GST_END_TEST;

// A backlog comes faster than it was captured: all of it is waited for.
GST_START_TEST(test_backlog) {
  ck_assert_uint_eq(rounds(3000, 1), 2);
  ck_assert_uint_eq(rounds(3000, 20), 21);
}
GST_END_TEST;

// A service that goes on sending at the pace of life is not waited for without end.
GST_START_TEST(test_live) {
  ck_assert_uint_eq(rounds(Ending::kRound_ms, 3), 4);
  ck_assert_uint_eq(rounds(Ending::kRound_ms, 100), 7);
}
GST_END_TEST;

// Nor is one that sends faster.
GST_START_TEST(test_endless) {
  ck_assert_uint_eq(rounds(3000, 100), 30);
}
GST_END_TEST;

// Ten seconds of audio are behind the video, or behind the end: they are waited for, though they
// come at the pace of life, and not for longer than a minute.
GST_START_TEST(test_late) {
  constexpr unsigned kLate_ms = 10000, kRounds = kLate_ms / Ending::kRound_ms;
  for (const auto &[video_ms, told_ms] : {std::pair(kLate_ms, 0u), std::pair(0u, kLate_ms)}) {
    ck_assert_uint_eq(rounds(Ending::kRound_ms, kRounds, video_ms, told_ms), kRounds + 1);
    ck_assert_uint_eq(rounds(Ending::kRound_ms, 1000, video_ms, told_ms), kRounds + 1);
  }
  ck_assert_uint_eq(rounds(0, 1000, kLate_ms), 200);
  // A time of another clock.
  ck_assert_uint_eq(rounds(Ending::kRound_ms, 100, 0, 3600000), 7);
}
GST_END_TEST;

// Chat goes on at the pace of life, while the rest of the audio comes.
GST_START_TEST(test_kinds) {
  Ending ending;
  ending.media(Media::Audio, kCaptured_ms);
  ending.begin(kNow_ms, 0);
  for (unsigned round = 1; round <= 20; round++) {
    ending.media(Media::Chat, kCaptured_ms + round);
    if (round < 20)
      ending.media(Media::Audio, kCaptured_ms + 3000 * round);
    ck_assert_int_eq(ending.over(kNow_ms + int64_t{Ending::kRound_ms} * round), round == 20);
  }
}
GST_END_TEST;

// What came before the end says nothing about what is on its way.
GST_START_TEST(test_before) {
  Ending ending;
  for (int i = 0; i < 100; i++)
    ending.media(Media::Audio, kCaptured_ms + i * 20);
  ending.begin(kNow_ms, 0);
  fail_unless(ending.over(kNow_ms + Ending::kRound_ms));
}
GST_END_TEST;

static Suite *ending_suite() {
  Suite *suite = suite_create("ending");
  TCase *tcase = tcase_create("ending");
  tcase_add_test(tcase, test_quiet);
  tcase_add_test(tcase, test_backlog);
  tcase_add_test(tcase, test_live);
  tcase_add_test(tcase, test_endless);
  tcase_add_test(tcase, test_late);
  tcase_add_test(tcase, test_kinds);
  tcase_add_test(tcase, test_before);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(ending)

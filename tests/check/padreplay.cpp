// SPDX-License-Identifier: LGPL-2.1-or-later
// For how long a pad sends no GAP after a loss: each time is an argument.
#include "pad/padreplay.h"

#include "gst_check.h"

using namespace rtms;

namespace {

constexpr int64_t kSecond = 1000000, kNow = 5 * kSecond;
constexpr int64_t kPacket = 20000;

}  // namespace

GST_START_TEST(test_nothing_comes) {
  PadReplay replay(0);
  fail_if(replay.is_awaited());
  assert_equals_int64(replay.lost(kNow), kNow + 65 * kSecond);
  fail_unless(replay.is_awaited());
  assert_equals_int64(replay.restored(kNow + 10 * kSecond), kNow + 12 * kSecond);
}
GST_END_TEST;

GST_START_TEST(test_nothing_is_replayed) {
  PadReplay replay(0);
  replay.lost(kNow);
  replay.restored(kNow + kSecond);
  assert_equals_int64(replay.came(true, kNow + kSecond, kNow + kSecond), 0);
  fail_if(replay.is_awaited());
}
GST_END_TEST;

// A server that has just taken over needs a while, and a recording can wait for it.
GST_START_TEST(test_late_replay) {
  PadReplay replay(0);
  replay.lost(kNow);
  const int64_t back = kNow + 30 * kSecond, begins = back + 20 * kSecond;
  assert_equals_int64(replay.restored(back, 70000), back + 65 * kSecond);
  assert_equals_int64(replay.came(false, begins, begins), begins + 2 * kSecond);
  assert_equals_int64(replay.came(true, begins + kSecond, begins + kSecond), 0);
}
GST_END_TEST;

// Another participant is heard, and not late: this one's replay would have begun, too.
GST_START_TEST(test_others_are_new) {
  PadReplay replay(0);
  replay.lost(kNow);
  const int64_t back = kNow + 30 * kSecond;
  replay.restored(back, 70000);
  assert_equals_int64(replay.restored(back + kSecond), back + 3 * kSecond);
}
GST_END_TEST;

// A minute of it, at twice real time: it goes on long after the connection could have been away.
GST_START_TEST(test_slow_replay) {
  constexpr int64_t kAway = 60 * kSecond;
  PadReplay replay(0);
  replay.lost(kNow);
  int64_t now = kNow + kAway;
  replay.restored(now);
  for (int64_t behind = kAway; behind > 0; behind -= kPacket, now += kPacket)
    assert_equals_int64(replay.came(false, now, now), now + 2 * kSecond);
  assert_equals_int64(replay.came(true, now, now), 0);
}
GST_END_TEST;

// What never catches up is late for another reason.
GST_START_TEST(test_no_end) {
  PadReplay replay(0);
  replay.lost(kNow);
  replay.restored(kNow + kSecond);
  assert_equals_int64(replay.came(false, kNow + 60 * kSecond, kNow + 60 * kSecond),
                      kNow + 62 * kSecond);
  assert_equals_int64(replay.came(false, kNow + 67 * kSecond, kNow + 67 * kSecond), 0);
  fail_if(replay.is_awaited());
}
GST_END_TEST;

// As long as the application says, and no longer.
GST_START_TEST(test_wait) {
  PadReplay replay(3000);
  assert_equals_int64(replay.lost(kNow), kNow + 3 * kSecond);
  assert_equals_int64(replay.restored(kNow + kSecond), kNow + 3 * kSecond);
  assert_equals_int64(replay.came(false, kNow + 2 * kSecond, kNow + 2 * kSecond),
                      kNow + 3 * kSecond);
  assert_equals_int64(replay.came(false, kNow + 4 * kSecond, kNow + 4 * kSecond), 0);
}
GST_END_TEST;

static Suite *padreplay_suite() {
  Suite *suite = suite_create("padreplay");
  TCase *tc = tcase_create("padreplay");
  tcase_add_test(tc, test_nothing_comes);
  tcase_add_test(tc, test_nothing_is_replayed);
  tcase_add_test(tc, test_late_replay);
  tcase_add_test(tc, test_others_are_new);
  tcase_add_test(tc, test_slow_replay);
  tcase_add_test(tc, test_no_end);
  tcase_add_test(tc, test_wait);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(padreplay)

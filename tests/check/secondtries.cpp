// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams that there was no room for: when they are tried again, and for how long.
#include "secondtries.h"

#include <gst/check/gstcheck.h>

namespace {

using namespace rtms::recorder;

SecondTries::One stream(const char *id, unsigned part) {
  SecondTries::One one;
  one.notice.hook.stream_id = id;
  one.part.number = part;
  return one;
}

}  // namespace

GST_START_TEST(test_times) {
  SecondTries tries;
  ck_assert(tries.add(stream("a", 2), 3));
  unsigned tried = 0;
  for (unsigned now_s = 4; now_s <= 200; now_s++) {
    ck_assert_uint_eq(tries.over(now_s).size(), now_s == 3 + 65 + 1);
    for (const SecondTries::One &one : tries.due(now_s)) {
      ck_assert_uint_le(now_s, 3 + 65);
      ck_assert_uint_eq(one.part.number, 2);
      // It is refused again, which takes its time.
      ck_assert(!tries.add(one, now_s + 60));
      tried++;
    }
  }
  ck_assert_uint_eq(tried, 13);
  // The last try is refused after the time.
  ck_assert(!tries.add(stream("a", 2), 200));
  ck_assert(tries.waiting(200).empty());
}
GST_END_TEST;

// It has a minute of its own, and goes on as the part that waits.
GST_START_TEST(test_announced_anew) {
  SecondTries tries;
  tries.add(stream("a", 2), 0);
  tries.add(stream("b", 1), 0);
  ck_assert_uint_eq(tries.take("a", 60).number, 2);
  ck_assert(tries.add(stream("a", 2), 60));
  ck_assert_uint_eq(tries.waiting(100).size(), 1);
  // Nothing waits any more: a new recording.
  ck_assert_uint_eq(tries.take("b", 100).number, Part().number);
  tries.remove("a");
  ck_assert(tries.waiting(60).empty());
}
GST_END_TEST;

static Suite *secondtries_suite() {
  Suite *suite = suite_create("secondtries");
  TCase *tcase = tcase_create("tries");
  tcase_add_test(tcase, test_times);
  tcase_add_test(tcase, test_announced_anew);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(secondtries)

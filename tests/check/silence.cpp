// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a connection may be silent: each time is an argument.
#include "transport/silence.h"

#include <algorithm>

#include "gst_check.h"

using namespace rtms;

// The documents' figure, until the server has shown a quicker pace.
GST_START_TEST(test_pace) {
  Silence silence(0);
  ck_assert_uint_eq(silence.lost_ms(), 65000);
  silence.keep_alive(1000);
  ck_assert_uint_eq(silence.lost_ms(), 65000);
  silence.keep_alive(16001);
  ck_assert_uint_eq(silence.lost_ms(), 65000);
  silence.keep_alive(31001);
  ck_assert_uint_eq(silence.lost_ms(), 35000);
  // While media flows the server does not ask.
  silence.keep_alive(500000);
  ck_assert_uint_eq(silence.lost_ms(), 35000);
}
GST_END_TEST;

GST_START_TEST(test_fixed) {
  Silence silence(4000);
  for (int64_t now : {0, 10000, 20000, 90000})
    silence.keep_alive(now);
  ck_assert_uint_eq(silence.lost_ms(), 4000);
}
GST_END_TEST;

// There is time for an answer before the end.
GST_START_TEST(test_ping) {
  for (unsigned limit : {1u, 2u, 1000u, 9999u, 10000u, 65000u, 4000000000u}) {
    const Silence silence(limit);
    ck_assert_uint_le(silence.ping_ms(), limit);
    ck_assert_uint_ge(limit - silence.ping_ms(), std::min(limit / 2, 5000u));
  }
  ck_assert_uint_eq(Silence(0).ping_ms(), 60000);
}
GST_END_TEST;

static Suite *silence_suite() {
  Suite *suite = suite_create("silence");
  TCase *tcase = tcase_create("silence");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_pace);
  tcase_add_test(tcase, test_fixed);
  tcase_add_test(tcase, test_ping);
  return suite;
}

GST_CHECK_MAIN(silence)

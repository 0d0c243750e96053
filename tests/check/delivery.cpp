// SPDX-License-Identifier: LGPL-2.1-or-later
// What one kind of media has delivered, and what may still be on its way, in numbers.
#include "time/delivery.h"

#include <gst/check/gstcheck.h>

using namespace rtms;

namespace {

constexpr int64_t kMs = 1000 * 1000, kMs_us = 1000;  // in ns, and in us
constexpr int64_t kStart_us = 77 * 1000 * kMs_us, kWait_us = 65 * 1000 * kMs_us;

// Running times and the clock's, in ms since the start.
struct Kind {
  void media(int64_t running_ms, int64_t now_ms) {
    delivery.media(running_ms * kMs, now_ms * kMs, at(now_ms));
  }
  int64_t behind_ms(int64_t now_ms) { return delivery.behind_ns(at(now_ms)) / kMs; }
  // -1: nothing is on its way.
  int64_t delivered_ms(int64_t now_ms, bool always, int64_t wait_us = kWait_us) {
    const auto until = delivery.delivered_ns(now_ms * kMs, at(now_ms), wait_us, always);
    return until ? *until / kMs : -1;
  }
  static int64_t at(int64_t now_ms) { return kStart_us + now_ms * kMs_us; }

  Delivery delivery;
};

}  // namespace

// A replay at real time stays behind, also in a pause; what catches up does not.
GST_START_TEST(test_behind) {
  Kind audio;
  ck_assert_int_eq(audio.behind_ms(0), 0);
  audio.media(20000, 20100);
  ck_assert_int_eq(audio.behind_ms(30000), 0);
  audio.media(21000, 45000);
  ck_assert_int_eq(audio.behind_ms(50000), 24000);
  ck_assert_int_eq(audio.behind_ms(45000 + 65001), 0);
  audio.media(20500, 46000);  // another participant's
  ck_assert_int_eq(audio.behind_ms(50000), 25000);
  audio.media(59000, 60000);
  ck_assert_int_eq(audio.behind_ms(60000), 0);
  ck_assert_int_eq(audio.delivery.newest_ns(), 59000 * kMs);
  ck_assert(audio.delivery.is_coming(Kind::at(60400)) &&
            !audio.delivery.is_coming(Kind::at(60401)));
}
GST_END_TEST;

GST_START_TEST(test_delivered) {
  Kind kind;
  ck_assert_int_eq(kind.delivered_ms(5000, true), -1);
  kind.media(10000, 10000);
  for (bool always : {false, true}) {
    ck_assert_int_eq(kind.delivered_ms(10000, always), 9000);
    ck_assert_int_eq(kind.delivered_ms(20000, always), 9000);
  }
  ck_assert_int_eq(kind.delivered_ms(10000 + 65001, true), -1);
  ck_assert_int_eq(kind.delivered_ms(10001, true, 0), -1);
  // A keep-alive came behind it.
  kind.delivery.alive(Kind::at(18000));
  ck_assert_int_eq(kind.delivered_ms(20000, true), 17000);
  ck_assert_int_eq(kind.delivered_ms(20000, false), -1);
  // The camera is told to be off.
  kind.media(20000, 20000);
  ck_assert_int_eq(kind.delivered_ms(21000, false), 19000);
  kind.delivery.off();
  ck_assert_int_eq(kind.delivered_ms(21000, false), -1);
}
GST_END_TEST;

static Suite *delivery_suite() {
  Suite *suite = suite_create("delivery");
  TCase *tc = tcase_create("delivery");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_behind);
  tcase_add_test(tc, test_delivered);
  return suite;
}

GST_CHECK_MAIN(delivery)

// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the media is ahead of the clock when a broadcast begins.
#include "broadcast/liveedge.h"

#include "fixture.h"

namespace {

using rtms::recorder::LiveEdge;

constexpr uint64_t kMs = 1000000;

// Looks every 20 ms. `lead_ms` is that of all media when they are there.
struct Begun {
  uint64_t at_ms, lead_ms;
};
Begun begin(uint64_t media_from_ms, uint64_t media_whole_ms, uint64_t lead_ms) {
  LiveEdge edge;
  for (uint64_t now_ms = 1000;; now_ms += 20) {
    const bool any = now_ms >= media_from_ms, whole = now_ms >= media_whole_ms;
    const uint64_t spread = media_whole_ms - media_from_ms;
    const uint64_t lead = whole ? lead_ms : any ? lead_ms * (now_ms - media_from_ms) / spread : 0;
    if (const auto found = edge.look(now_ms * kMs, any, any ? (now_ms + lead) * kMs : 0))
      return {now_ms, *found / kMs};
    ck_assert_uint_lt(now_ms, 60000);
  }
}

}  // namespace

GST_START_TEST(test_replay) {
  const Begun begun = begin(1100, 1600, 50000);
  ck_assert_uint_ge(begun.lead_ms, 49900);
  ck_assert_uint_le(begun.at_ms, 2000);
}
GST_END_TEST;

// The connection stands, and its media comes after a while.
GST_START_TEST(test_late_replay) {
  const Begun begun = begin(3000, 3500, 50000);
  ck_assert_uint_ge(begun.lead_ms, 49900);
  ck_assert_uint_le(begun.at_ms, 4000);
}
GST_END_TEST;

GST_START_TEST(test_live) {
  const Begun begun = begin(1000, 1000, 0);
  ck_assert_uint_eq(begun.lead_ms, 0);
  ck_assert_uint_le(begun.at_ms, 1400);
}
GST_END_TEST;

// Nobody is there yet: the broadcast shows that.
GST_START_TEST(test_nothing) {
  const Begun begun = begin(30000, 30000, 0);
  ck_assert_uint_eq(begun.lead_ms, 0);
  ck_assert_uint_eq(begun.at_ms, 6000);
}
GST_END_TEST;

static Suite *liveedge_suite() {
  Suite *suite = suite_create("liveedge");
  TCase *tc = tcase_create("liveedge");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_replay);
  tcase_add_test(tc, test_late_replay);
  tcase_add_test(tc, test_live);
  tcase_add_test(tc, test_nothing);
  return suite;
}

GST_CHECK_MAIN(liveedge)

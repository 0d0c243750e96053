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

const struct {
  uint64_t from_ms, whole_ms, lead_ms;  // the media
  uint64_t least_ms, most_ms;           // when it begins
} kBroadcasts[] = {
    {1100, 1600, 50000, 1600, 2000},  // a replay
    {3000, 3500, 50000, 3500, 4000},  // the connection stands, and its media comes after a while
    {1000, 1000, 0, 1000, 1400},      // live
    {30000, 30000, 0, 6000, 6000},    // nobody is there yet: the broadcast shows that
};

}  // namespace

GST_START_TEST(test_begin) {
  const auto &one = kBroadcasts[__i__];
  const Begun begun = begin(one.from_ms, one.whole_ms, one.lead_ms);
  constexpr uint64_t kGrowthMs = 50;
  ck_assert_uint_le(begun.lead_ms, one.lead_ms);
  ck_assert_uint_ge(begun.lead_ms + kGrowthMs, one.lead_ms);
  ck_assert_uint_ge(begun.at_ms, one.least_ms);
  ck_assert_uint_le(begun.at_ms, one.most_ms);
}
GST_END_TEST;

static Suite *liveedge_suite() {
  Suite *suite = suite_create("liveedge");
  TCase *tc = tcase_create("liveedge");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_begin, 0, static_cast<int>(G_N_ELEMENTS(kBroadcasts)));
  return suite;
}

GST_CHECK_MAIN(liveedge)

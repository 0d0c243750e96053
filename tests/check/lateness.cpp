// SPDX-License-Identifier: LGPL-2.1-or-later
// How late a track is, in numbers: held up, replayed, or for good.
#include "time/lateness.h"

#include "time/knownoffsets.h"

#include <gst/check/gstcheck.h>

#include <utility>
#include <vector>

using namespace rtms;

namespace {

constexpr int64_t kMs = 1000 * 1000;
constexpr int64_t kS = 1000 * kMs;
constexpr int64_t kUsual = 50 * kMs;

// A message each 20 ms, on time or later.
struct Track {
  void run(int seconds, int64_t late_ns, int64_t each_second_ns = 0) {
    for (int i = 0; i < seconds * 50; i++, now_ns += 20 * kMs) {
      const int64_t delay_ns = kUsual + late_ns + each_second_ns * i / 50;
      const bool complete = lateness.add(delay_ns, now_ns);
      if (complete)
        lateness.check(kUsual);
      if (away_ns)
        lateness.replay(std::exchange(away_ns, 0), until_ns);
      lateness.grew(delay_ns - last_ns);
      last_ns = delay_ns;
    }
  }
  int64_t for_good() { return lateness.for_good_ns(kUsual, now_ns).value_or(0); }

  Lateness lateness;
  int64_t now_ns = 0, last_ns = kUsual;
  int64_t away_ns = 0, until_ns = INT64_MAX;  // of the connection, before the next message
};

}  // namespace

// A second is complete with the first message after it; the least delay of it counts.
GST_START_TEST(test_seconds) {
  LeastDelay delay;
  assert_equals_int(delay.steady(), 0);
  for (int i = 0; i < 50; i++)
    ck_assert(!delay.add(kUsual + i % 7 * kMs, i * 20 * kMs));
  ck_assert(delay.add(kUsual, kS));
  assert_equals_int64(delay.last_ns(), kUsual);
  assert_equals_int(delay.steady(), 1);
  // After a pause the next message is enough.
  ck_assert(delay.add(kUsual + 100 * kMs, 60 * kS));
  ck_assert(delay.add(kUsual + 100 * kMs, 61 * kS));
  assert_equals_int(delay.steady(), 3);
  assert_equals_int64(delay.steady_ns(), kUsual + 100 * kMs / 3);
  delay.moved(kMs);
  assert_equals_int64(delay.last_ns(), kUsual + 99 * kMs);
  // Another delay begins anew.
  ck_assert(delay.add(kUsual + 400 * kMs, 62 * kS));
  ck_assert(delay.add(kUsual + 400 * kMs, 63 * kS));
  assert_equals_int(delay.steady(), 1);
}
GST_END_TEST;

// What falls by 50 ms each second is on its way, and not steady.
GST_START_TEST(test_falling) {
  Track track;
  track.run(2, 0);
  track.run(60, 10 * kS, -50 * kMs);
  ck_assert(!track.lateness.constant_ns(kUsual, 4));
  assert_equals_int64(track.for_good(), 0);
}
GST_END_TEST;

// All that the pause took is still missing: the clock of the sender stood still.
GST_START_TEST(test_pause_of_the_sender) {
  Track track;
  track.run(10, 0);
  track.run(4, 3 * kS);
  assert_equals_int64(track.for_good(), 0);
  track.run(1, 3 * kS);
  assert_equals_int64(track.for_good(), 3 * kS);
  track.lateness.moved(3 * kS);
  assert_equals_int64(track.for_good(), 0);
}
GST_END_TEST;

// Half of it has come since: the network may be full.
GST_START_TEST(test_full_network) {
  Track track;
  track.run(10, 0);
  track.run(1, 6 * kS);
  track.run(30, 3 * kS);
  assert_equals_int64(track.for_good(), 0);
  track.run(31, 3 * kS);
  assert_equals_int64(track.for_good(), 3 * kS);
}
GST_END_TEST;

// Less than a second is the difference of two kinds of media.
GST_START_TEST(test_less_than_a_second) {
  Track track;
  track.run(10, 0);
  track.run(100, 900 * kMs);
  assert_equals_int64(track.for_good(), 0);
}
GST_END_TEST;

// The connection was away for 10 s: so late the audio may be; once it has caught up, no more.
GST_START_TEST(test_replay) {
  Track track;
  track.run(10, 0);
  track.away_ns = 10 * kS;
  track.run(200, 10 * kS);
  ck_assert(track.lateness.replaying());
  assert_equals_int64(track.for_good(), 0);
  track.run(5, 0);
  ck_assert(!track.lateness.replaying());
  track.run(6, 10 * kS);
  assert_equals_int64(track.for_good(), 10 * kS);
}
GST_END_TEST;

// What is later than the connection was away is another clock.
GST_START_TEST(test_later_than_a_replay) {
  Track track;
  track.run(10, 0);
  track.away_ns = 2 * kS;
  track.run(6, 5 * kS);
  assert_equals_int64(track.for_good(), 5 * kS);
}
GST_END_TEST;

GST_START_TEST(test_replay_ends) {
  Track track;
  track.run(10, 0);
  track.away_ns = 10 * kS;
  track.until_ns = track.now_ns + 65 * kS;
  track.run(64, 5 * kS);
  assert_equals_int64(track.for_good(), 0);
  track.run(2, 5 * kS);
  assert_equals_int64(track.for_good(), 5 * kS);
}
GST_END_TEST;

GST_START_TEST(test_known_offsets) {
  KnownOffsets known;
  ck_assert(known.empty());
  for (int64_t seconds : {1, 2, 3, 4, 5})
    known.add(seconds * kS);
  const std::vector<int64_t> four(known.begin(), known.end());
  ck_assert(four == std::vector<int64_t>({5 * kS, 4 * kS, 3 * kS, 2 * kS}));
  // Nearly the same is the same.
  known.add(3 * kS + 100 * kMs);
  known.common_moved(kS);
  const std::vector<int64_t> moved(known.begin(), known.end());
  ck_assert(moved == std::vector<int64_t>({2 * kS + 100 * kMs, 4 * kS, 3 * kS, kS}));
}
GST_END_TEST;

static Suite *lateness_suite(void) {
  Suite *suite = suite_create("lateness");
  TCase *tc = tcase_create("lateness");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_seconds);
  tcase_add_test(tc, test_falling);
  tcase_add_test(tc, test_pause_of_the_sender);
  tcase_add_test(tc, test_full_network);
  tcase_add_test(tc, test_less_than_a_second);
  tcase_add_test(tc, test_replay);
  tcase_add_test(tc, test_later_than_a_replay);
  tcase_add_test(tc, test_replay_ends);
  tcase_add_test(tc, test_known_offsets);
  return suite;
}

GST_CHECK_MAIN(lateness)

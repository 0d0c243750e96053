// SPDX-License-Identifier: LGPL-2.1-or-later
// Which delay is usual: jitter, backlogs, servers that are faster than real time.
#include "time/usualdelay.h"

#include <gst/check/gstcheck.h>

#include <cstdlib>

using namespace rtms;

namespace {

constexpr int64_t kMs = 1000 * 1000;
constexpr int64_t kS = 1000 * kMs;

struct Stream {
  void run(UsualDelay::Kind kind, int seconds, int64_t delay_ns, int64_t each_second_ns = 0) {
    for (int i = 0; i < seconds * 50; i++, now_ns += 20 * kMs)
      usual.observe(kind, delay_ns + each_second_ns * i / 50 + i % 10 * 5 * kMs, now_ns);
  }
  UsualDelay usual;
  int64_t now_ns = 0;
};

}  // namespace

GST_START_TEST(test_least) {
  Stream stream;
  ck_assert(!stream.usual.known());
  stream.run(UsualDelay::Audio, 10, 60 * kMs);
  ck_assert(stream.usual.known() && stream.usual.in_real_time() && stream.usual.settled());
  assert_equals_int64(stream.usual.earliest_ns(), 60 * kMs);
  assert_equals_int64(stream.usual.expected_ns(UsualDelay::Audio, true), 60 * kMs);
  // Late does not count.
  stream.run(UsualDelay::Audio, 10, 3 * kS);
  assert_equals_int64(stream.usual.expected_ns(UsualDelay::Audio, true), 60 * kMs);
  // One early message does not, either; two seconds do.
  stream.usual.observe(UsualDelay::Audio, -900 * kMs, stream.now_ns);
  stream.run(UsualDelay::Audio, 5, 60 * kMs);
  assert_equals_int64(stream.usual.earliest_ns(), 60 * kMs);
  stream.run(UsualDelay::Audio, 3, 20 * kMs);
  assert_equals_int64(stream.usual.earliest_ns(), 20 * kMs);
}
GST_END_TEST;

// A kind that takes a little longer has a delay of its own; one that takes much longer is late.
GST_START_TEST(test_kinds) {
  Stream stream;
  stream.run(UsualDelay::Audio, 5, 60 * kMs);
  assert_equals_int64(stream.usual.expected_ns(UsualDelay::Video, true), 60 * kMs);
  stream.run(UsualDelay::Video, 5, 400 * kMs);
  assert_equals_int64(stream.usual.expected_ns(UsualDelay::Video, true), 400 * kMs);
  stream.run(UsualDelay::Screen, 5, 5 * kS);
  assert_equals_int64(stream.usual.expected_ns(UsualDelay::Screen, true), 60 * kMs);
  assert_equals_int64(stream.usual.expected_ns(UsualDelay::Screen, false), 5 * kS);
  assert_equals_int64(stream.usual.earliest_ns(), 60 * kMs);
}
GST_END_TEST;

// A minute of audio in 15 s: the delay falls, until it is as late as the video.
GST_START_TEST(test_backlog) {
  Stream stream;
  stream.run(UsualDelay::Video, 3, -60 * kS);
  ck_assert(!stream.usual.audio_caught_up());
  stream.run(UsualDelay::Audio, 15, 0, -4 * kS);
  ck_assert(stream.usual.settled());
  ck_assert(!stream.usual.audio_caught_up());
  stream.run(UsualDelay::Audio, 4, -60 * kS);
  ck_assert(stream.usual.audio_caught_up());
}
GST_END_TEST;

// A server that sends 20 times as fast is no clock; nor is a backlog, until it is over.
GST_START_TEST(test_not_settled) {
  Stream stream;
  stream.run(UsualDelay::Audio, 5, 0, -19 * kS);
  ck_assert(!stream.usual.settled() && !stream.usual.in_real_time());
  stream.run(UsualDelay::Audio, 4, -95 * kS);
  ck_assert(stream.usual.settled() && stream.usual.in_real_time());
}
GST_END_TEST;

static Suite *usualdelay_suite(void) {
  Suite *suite = suite_create("usualdelay");
  TCase *tc = tcase_create("usualdelay");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_least);
  tcase_add_test(tc, test_kinds);
  tcase_add_test(tc, test_backlog);
  tcase_add_test(tc, test_not_settled);
  return suite;
}

GST_CHECK_MAIN(usualdelay)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Four hours of a clock that is off, in numbers.
#include "time/skew.h"

#include "gst_check.h"

#include <cmath>
#include <random>

using rtms::Skew;
using rtms::UsualDelay;

namespace {

constexpr int64_t kMs = 1000 * 1000;
constexpr int64_t kS = 1000 * kMs;
constexpr int64_t kFourHours = 4 * 3600 * kS;
constexpr int64_t kTolerance = 20 * kMs;

// Network: never early, mostly in time, sometimes held up.
class Network {
 public:
  int64_t delay() { return static_cast<int64_t>(delay_ms_(random_) * kMs); }

 private:
  std::mt19937 random_{42};
  std::exponential_distribution<double> delay_ms_{1.0 / 20};
};

void expect_near(int64_t got, int64_t want, int64_t at) {
  fail_unless(std::llabs(got - want) <= kTolerance, "%.1f ms off after %.0f s",
              static_cast<double>(got - want) / kMs, static_cast<double>(at) / kS);
}

}  // namespace

// The server's clock runs fast or slow: its positions fall behind or run ahead by `ppm`.
GST_START_TEST(test_drift) {
  const int ppm = __i__ == 0 ? 200 : __i__ == 1 ? -200 : 0;
  Network network;
  Skew skew;
  for (int64_t now = 0; now < kFourHours; now += 20 * kMs) {
    const int64_t position = now - now / 1000000 * ppm;
    skew.observe(UsualDelay::Audio, position, now + network.delay());
    expect_near(position + skew.skew_ns(), now, now);
  }
}
GST_END_TEST;

// A stall of 3 s every minute: what was held up comes in a burst.
GST_START_TEST(test_stalls) {
  Skew skew;
  for (int64_t now = 0; now < 3600 * kS; now += 20 * kMs) {
    const int64_t in_minute = now % (60 * kS);
    const int64_t arrival = in_minute < 3 * kS ? now - in_minute + 3 * kS : now;
    skew.observe(UsualDelay::Audio, now, arrival);
    expect_near(skew.skew_ns(), 0, now);
  }
}
GST_END_TEST;

// 60 s of older audio first, in 0.6 s; then all in time.
GST_START_TEST(test_backlog) {
  Skew skew;
  for (int i = 0; i < 3000; i++)
    skew.observe(UsualDelay::Audio, i * 20 * kMs, i * kMs / 5);
  for (int64_t now = kS; now < 600 * kS; now += 20 * kMs) {
    skew.observe(UsualDelay::Audio, 60 * kS + now, now);
    expect_near(skew.skew_ns(), 0, now);
  }
}
GST_END_TEST;

// A server that sends as fast as it can is no clock.
GST_START_TEST(test_full_speed) {
  Skew skew;
  for (int64_t i = 0; i < 100000; i++)
    skew.observe(UsualDelay::Audio, i * 20 * kMs, i * 10000);
  assert_equals_int64(skew.skew_ns(), 0);
}
GST_END_TEST;

static Suite *skew_suite(void) {
  Suite *suite = suite_create("skew");
  TCase *tc = tcase_create("skew");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_drift, 0, 3);
  tcase_add_test(tc, test_stalls);
  tcase_add_test(tc, test_backlog);
  tcase_add_test(tc, test_full_speed);
  return suite;
}

GST_CHECK_MAIN(skew)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Backoff and windows: each time and each chance is an argument.
#include "session/retry.h"

#include "gst_check.h"

#include <climits>
#include <vector>

using namespace rtms;

namespace {

const double kChances[] = {0.0, 0.25, 0.5, 0.75, 0.999999};
const int64_t kNow = 5000000;  // monotonic ms

Retry::Limits limits(unsigned window_ms, unsigned delay_ms, unsigned delay_max_ms) {
  Retry::Limits l;
  l.window_ms = window_ms;
  l.delay_ms = delay_ms;
  l.delay_max_ms = delay_max_ms;
  return l;
}

// Tries that fail at once, until there is no other or `count` were made.
std::vector<unsigned> delays(Retry *retry, int64_t start, double chance, unsigned count) {
  std::vector<unsigned> result;
  int64_t now = start;
  while (result.size() < count) {
    std::optional<unsigned> wait = retry->next(now, chance);
    if (!wait)
      break;
    result.push_back(*wait);
    now += *wait;
  }
  return result;
}

}  // namespace

GST_START_TEST(test_defaults) {
  Retry::Limits l;
  assert_equals_int(l.window_ms, 30000);
  assert_equals_int(l.delay_ms, 1000);
  assert_equals_int(l.delay_max_ms, 30000);
  assert_equals_int(Retry(l).attempts(), 0);
}
GST_END_TEST;

// The first try is quick; `delay` before the second, doubling up to the limit; a little jitter.
GST_START_TEST(test_doubling) {
  const double chance = kChances[__i__];
  Retry retry(limits(UINT_MAX, 1000, 30000));
  std::vector<unsigned> waits = delays(&retry, kNow, chance, 12);
  assert_equals_int(waits.size(), 12);
  fail_unless(waits[0] <= 500, "the first try waits %u ms", waits[0]);
  double nominal = 1000;
  for (size_t i = 1; i < waits.size(); i++) {
    fail_unless(waits[i] >= nominal * 0.5 && waits[i] <= nominal * 1.5,
                "wait %u is %u ms, expected about %.0f", (unsigned) i, waits[i], nominal);
    fail_unless(waits[i] <= 30000, "wait %u is %u ms", (unsigned) i, waits[i]);
    nominal = MIN(nominal * 2, 30000);
  }
}
GST_END_TEST;

GST_START_TEST(test_jitter) {
  bool differs = false;
  Retry low(limits(UINT_MAX, 1000, 30000)), high(limits(UINT_MAX, 1000, 30000));
  std::vector<unsigned> a = delays(&low, kNow, 0.0, 5), b = delays(&high, kNow, 0.999999, 5);
  assert_equals_int(a.size(), b.size());
  for (size_t i = 0; i < a.size(); i++)
    differs = differs || a[i] != b[i];
  fail_unless(differs, "chance changes nothing");
}
GST_END_TEST;

// The same arguments give the same result.
GST_START_TEST(test_pure) {
  Retry a(limits(60000, 1000, 30000)), b(limits(60000, 1000, 30000));
  fail_unless(delays(&a, kNow, 0.3, 20) == delays(&b, kNow, 0.3, 20));
  Retry c(limits(60000, 1000, 30000)), d(limits(60000, 1000, 30000));
  fail_unless(delays(&c, 0, 0.3, 20) == delays(&d, kNow * 1000, 0.3, 20));
}
GST_END_TEST;

// The window counts from the loss, not from the last try.
GST_START_TEST(test_window) {
  static const unsigned windows[] = {1, 500, 30000, 60000};
  for (unsigned window : windows) {
    for (double chance : kChances) {
      Retry retry(limits(window, 1000, 30000));
      fail_unless(retry.next(kNow, chance).has_value(), "no try in a window of %u ms", window);
      fail_if(retry.next(kNow + window + 1, chance).has_value(), "a try after %u ms", window);
      fail_if(retry.next(kNow + window + 100000, chance).has_value());
    }
  }
  Retry retry(limits(30000, 1000, 30000));
  for (int64_t at : {0, 5000, 10000, 15000})
    fail_unless(retry.next(kNow + at, 0.5).has_value(), "no try %d ms after the loss", (int) at);
  fail_if(retry.next(kNow + 30001, 0.5).has_value());
}
GST_END_TEST;

GST_START_TEST(test_failing_tries_end) {
  for (double chance : kChances) {
    Retry retry(limits(60000, 1000, 30000));
    std::vector<unsigned> waits = delays(&retry, kNow, chance, 1000);
    fail_unless(waits.size() >= 4 && waits.size() < 12, "%u tries in 60 s",
                (unsigned) waits.size());
  }
}
GST_END_TEST;

// The service keeps a minute of audio. After an outage the next try comes before that has passed.
GST_START_TEST(test_back_in_time) {
  constexpr int64_t kKept_ms = 60000, kLongest_ms = 54000, kStep_ms = 500;
  for (unsigned window : {60000u, 65000u})
    for (double chance : kChances)
      for (int64_t outage = 0; outage <= kLongest_ms; outage += kStep_ms) {
        Retry retry(limits(window, 1000, 30000));
        int64_t now = kNow;
        while (now < kNow + outage)
          now += retry.next(now, chance).value();
        fail_unless(now - kNow < kKept_ms, "after %d ms the next try comes at %d ms", (int) outage,
                    (int) (now - kNow));
      }
}
GST_END_TEST;

GST_START_TEST(test_no_window) {
  Retry retry(limits(0, 1000, 30000));
  for (double chance : kChances)
    fail_if(retry.next(kNow, chance).has_value());
  retry.reset();
  fail_if(retry.next(kNow + 1, 0.5).has_value());
}
GST_END_TEST;

// A success starts over: window, backoff and count.
GST_START_TEST(test_reset) {
  Retry retry(limits(30000, 1000, 30000));
  std::optional<unsigned> quick = retry.next(kNow, 0.5);
  fail_unless(quick.has_value());
  for (int i = 1; i < 4; i++)
    fail_unless(retry.next(kNow + i * 1000, 0.5).has_value());
  fail_if(retry.next(kNow + 40000, 0.5).has_value());
  retry.reset();
  assert_equals_int(retry.attempts(), 0);
  std::optional<unsigned> again = retry.next(kNow + 100000, 0.5);
  fail_unless(again.has_value());
  assert_equals_int(*again, *quick);
  fail_unless(retry.next(kNow + 120000, 0.5).has_value());
  fail_if(retry.next(kNow + 130001, 0.5).has_value());
}
GST_END_TEST;

// A server that accepts and closes for ever is not called without a pause: each handshake brings a
// new window, and the delay is the first one, not the quick one, until a connection lasts.
GST_START_TEST(test_short_connections) {
  Retry retry(limits(30000, 1000, 30000));
  int64_t now = kNow;
  fail_unless(retry.next(now, 0.5).has_value());
  for (int i = 0; i < 20; i++) {
    retry.succeeded(now += 10);
    const std::optional<unsigned> next = retry.next(now += 10, 0.5);
    fail_unless(next && *next == 1000, "after %d: %u ms", i, next.value_or(0));
    now += *next;
  }
  assert_equals_int(retry.attempts(), 2);
  retry.succeeded(now);
  const std::optional<unsigned> quick = retry.next(now + 1000, 0.5);
  assert_equals_int(retry.attempts(), 1);
  fail_unless(quick && *quick < 1000);
}
GST_END_TEST;

GST_START_TEST(test_attempts) {
  Retry retry(limits(60000, 10, 100));
  for (unsigned i = 1; i <= 10; i++) {
    fail_unless(retry.next(kNow + i, 0.5).has_value());
    assert_equals_int(retry.attempts(), i);
  }
}
GST_END_TEST;

static const struct {
  unsigned delay, max;
} odd_limits[] = {{0, 0},
                  {0, 30000},
                  {1, 1},
                  {1000, 0},
                  {1000, 500},
                  {UINT_MAX, UINT_MAX},
                  {1u << 31, UINT_MAX},
                  {30000, 30000}};

// No wait is longer than the limit, and nothing overflows.
GST_START_TEST(test_odd_limits) {
  const auto &l = odd_limits[__i__];
  for (double chance : kChances) {
    Retry retry(limits(UINT_MAX, l.delay, l.max));
    for (int i = 0; i < 80; i++) {
      std::optional<unsigned> wait = retry.next(kNow, chance);
      fail_unless(wait.has_value());
      fail_unless(*wait <= l.max, "try %d waits %u ms, limit %u", i, *wait, l.max);
    }
  }
}
GST_END_TEST;

static Suite *retry_suite(void) {
  Suite *suite = suite_create("retry");
  TCase *tc = tcase_create("backoff");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_defaults);
  tcase_add_loop_test(tc, test_doubling, 0, (int) G_N_ELEMENTS(kChances));
  tcase_add_test(tc, test_jitter);
  tcase_add_test(tc, test_pure);
  tcase_add_loop_test(tc, test_odd_limits, 0, (int) G_N_ELEMENTS(odd_limits));
  tc = tcase_create("window");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_window);
  tcase_add_test(tc, test_failing_tries_end);
  tcase_add_test(tc, test_back_in_time);
  tcase_add_test(tc, test_no_window);
  tcase_add_test(tc, test_reset);
  tcase_add_test(tc, test_short_connections);
  tcase_add_test(tc, test_attempts);
  return suite;
}

GST_CHECK_MAIN(retry)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Timers that share a source: each in its time, none for ever; and what is called before the loop
// waits.
#include "base/timer.h"
#include "base/beforepoll.h"

#include "gst_check.h"

#include <memory>
#include <string>
#include <vector>

using namespace rtms;

namespace {

constexpr int kDeadlineMs = 5000;

void run_until(const bool *over) {
  bool late = false;
  Timer deadline;
  deadline.start(kDeadlineMs, [&] { late = true; });
  while (!*over && !late)
    g_main_context_iteration(nullptr, TRUE);
  ck_assert(*over);
}

}  // namespace

GST_START_TEST(test_order) {
  std::string order;
  bool over = false;
  std::vector<Timer> timers(5);
  Timer stopped;
  gint64 start_us = 0;
  // A thread that does not run meanwhile starts them too far apart.
  do {
    start_us = g_get_monotonic_time();
    timers[0].start(60, [&] { over = true; });
    timers[1].start(40, [&] { order += "d"; });
    timers[2].start(20, [&] { order += "b"; });
    timers[3].start(0, [&] { order += "a"; });
    timers[4].start(5, [&] { order += "?"; });
    // Set anew, and stopped.
    timers[4].start(30, [&] { order += "c"; });
    stopped.start(10, [&] { order += "!"; });
  } while (g_get_monotonic_time() - start_us > 5000);
  ck_assert(stopped.running());
  stopped.stop();
  ck_assert(!stopped.running());
  run_until(&over);
  ck_assert_str_eq(order.c_str(), "abcd");
  ck_assert(!timers[1].running());
  ck_assert_int_ge(g_get_monotonic_time() - start_us, 60 * 1000);
  ck_assert(!Timer::next_us().has_value());
}
GST_END_TEST;

// A callback destroys its timer and others, starts new ones, and runs the loop.
GST_START_TEST(test_in_callbacks) {
  auto own = std::make_unique<Timer>(), other = std::make_unique<Timer>();
  bool over = false, inside = false;
  Timer outer, inner, last;
  other->start(0, [] { ck_abort_msg("destroyed before"); });
  own->start(0, [] { ck_abort_msg("set anew before"); });
  own->start(0, [] { ck_abort_msg("stopped before"); });
  own->stop();
  own->start(0, [&] { own.reset(); });
  inner.start(30, [&] { inside = true; });
  outer.start(0, [&] {
    other.reset();
    run_until(&inside);
    outer.start(0, [&] { last.start(10, [&] { over = true; }); });
  });
  other->start(20, [] { ck_abort_msg("destroyed before"); });
  run_until(&over);
  ck_assert(inside);
  ck_assert(!own && !other);
}
GST_END_TEST;

// One that starts itself anew without a delay does not keep the loop to itself.
GST_START_TEST(test_fair) {
  Timer again;
  unsigned fired = 0, closures = 0;
  std::function<void()> fire = [&] {
    fired++;
    again.start(0, fire);
  };
  again.start(0, fire);
  AttachedSource closure(g_idle_source_new());
  g_source_set_priority(closure.get(), G_PRIORITY_DEFAULT);
  const GSourceFunc count = [](gpointer data) -> gboolean {
    ++*static_cast<unsigned *>(data);
    return G_SOURCE_CONTINUE;
  };
  g_source_set_callback(closure.get(), count, &closures, nullptr);
  g_source_attach(closure.get(), nullptr);
  constexpr unsigned kTurns = 100;
  for (unsigned i = 0; i < kTurns; i++)
    g_main_context_iteration(nullptr, FALSE);
  ck_assert_uint_eq(closures, kTurns);
  ck_assert_uint_ge(fired, kTurns - 1);
  ck_assert_uint_le(fired, kTurns);
}
GST_END_TEST;

// On a context of its own a timer does not fire on the other one.
GST_START_TEST(test_contexts) {
  Timer here, there;
  bool fired_here = false, fired_there = false;
  here.start(0, [&] { fired_here = true; });
  MainContextPtr context(g_main_context_new());
  g_main_context_push_thread_default(context.get());
  there.start(0, [&] { fired_there = true; });
  g_main_context_pop_thread_default(context.get());
  g_main_context_iteration(context.get(), TRUE);
  ck_assert(fired_there && !fired_here);
  run_until(&fired_here);
}
GST_END_TEST;

GST_START_TEST(test_before_poll) {
  unsigned first = 0, second = 0;
  BeforePoll one([&] { first++; });
  auto two = std::make_unique<BeforePoll>([&] { second++; });
  g_main_context_iteration(nullptr, FALSE);
  ck_assert_uint_eq(first + second, 0);
  for (int i = 0; i < 3; i++)
    one.ask();
  g_main_context_iteration(nullptr, FALSE);
  g_main_context_iteration(nullptr, FALSE);
  ck_assert_uint_eq(first, 1);
  two->ask();
  one.ask();
  two.reset();
  g_main_context_iteration(nullptr, FALSE);
  ck_assert_uint_eq(first, 2);
  ck_assert_uint_eq(second, 0);
}
GST_END_TEST;

static Suite *timer_suite() {
  Suite *suite = suite_create("timer");
  TCase *tcase = tcase_create("timer");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_order);
  tcase_add_test(tcase, test_in_callbacks);
  tcase_add_test(tcase, test_fair);
  tcase_add_test(tcase, test_contexts);
  tcase_add_test(tcase, test_before_poll);
  return suite;
}

GST_CHECK_MAIN(timer)

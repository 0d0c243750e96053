// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakeclock.h"

#include "base/timer.h"

#include <glib.h>
#include <algorithm>
#include <vector>

namespace {

// Far from 0, as on a machine that has been up for a while.
constexpr int64_t kBoot_us = int64_t{1000} * 1000 * 1000;
// What a step may set off; more than this is a loop without end.
constexpr int kMaxRounds = 100000;

int64_t now_us = kBoot_us;
uint32_t chance = 1;

struct FakeTimer {
  GSource source;
  int64_t due_us;
};
std::vector<FakeTimer *> timers;

FakeTimer *timer_of(GSource *source) {
  return reinterpret_cast<FakeTimer *>(source);
}

gboolean prepare(GSource *source, gint *timeout) {
  *timeout = -1;
  return timer_of(source)->due_us <= now_us;
}

gboolean check(GSource *source) {
  return timer_of(source)->due_us <= now_us;
}

gboolean dispatch(GSource *, GSourceFunc callback, gpointer data) {
  return callback ? callback(data) : G_SOURCE_REMOVE;
}

void finalize(GSource *source) {
  timers.erase(std::remove(timers.begin(), timers.end(), timer_of(source)), timers.end());
}

GSourceFuncs functions{prepare, check, dispatch, finalize, nullptr, nullptr};

// Of GLib's, and of ours.
std::optional<int64_t> next_timer() {
  std::optional<int64_t> next_us = rtms::Timer::next_us();
  for (const FakeTimer *timer : timers)
    next_us = std::min(next_us.value_or(timer->due_us), timer->due_us);
  return next_us;
}

}  // namespace

// What the linker calls in place of the functions without the prefix.
extern "C" {

GSource *__wrap_g_timeout_source_new(guint interval_ms);
gint64 __wrap_g_get_monotonic_time(void);
gint64 __wrap_g_get_real_time(void);
gdouble __wrap_g_random_double(void);

GSource *__wrap_g_timeout_source_new(guint interval_ms) {
  GSource *source = g_source_new(&functions, sizeof(FakeTimer));
  timer_of(source)->due_us = now_us + int64_t{interval_ms} * 1000;
  timers.push_back(timer_of(source));
  return source;
}

gint64 __wrap_g_get_monotonic_time(void) {
  return now_us;
}

gint64 __wrap_g_get_real_time(void) {
  return 1738392033000000 + now_us;
}

gdouble __wrap_g_random_double(void) {
  chance = chance * 1664525 + 1013904223;
  return chance / 4294967296.0;
}
}

namespace rtmsfuzz {

void reset_clock() {
  now_us = kBoot_us;
  chance = 1;
}

void settle() {
  GMainContext *context = g_main_context_get_thread_default();
  int rounds = 0;
  while (g_main_context_iteration(context, FALSE))
    if (++rounds > kMaxRounds)
      g_error("the main context does not come to rest");
}

void advance(int64_t ms) {
  const int64_t until_us = now_us + ms * 1000;
  settle();
  for (auto next_us = next_timer(); next_us && *next_us <= until_us; next_us = next_timer()) {
    now_us = std::max(now_us, *next_us);
    settle();
  }
  now_us = until_us;
}

}  // namespace rtmsfuzz

// SPDX-License-Identifier: LGPL-2.1-or-later
// Time that passes faster, or at a slightly wrong rate, for one program (LD_PRELOAD): hours of a
// meeting in minutes. RTMS_CLOCK_RATE: seconds of the program per real second. libfaketime leaves
// the futexes of GLib and GStreamer as they are: their waits would not end.

// With these macros, headers rename or define some of the functions below.
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t kSecond = 1000000000;

template <typename Function>
Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

int64_t ns_of(const timespec &time) {
  return time.tv_sec * kSecond + time.tv_nsec;
}
timespec spec_of(int64_t ns) {
  return {static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)};
}

// Asks the kernel: clock_gettime() is the function below.
int64_t real_ns(clockid_t clock) {
  timespec now{};
  syscall(SYS_clock_gettime, clock, &now);
  return ns_of(now);
}

double rate() {
  static const double value = [] {
    const char *text = std::getenv("RTMS_CLOCK_RATE");
    return text ? std::atof(text) : 1.0;
  }();
  return value;
}

bool is_scaled(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
         clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_MONOTONIC_RAW;
}

// What the clock said at the start of the program.
int64_t origin(clockid_t clock) {
  static const int64_t realtime = real_ns(CLOCK_REALTIME), monotonic = real_ns(CLOCK_MONOTONIC),
                       boottime = real_ns(CLOCK_BOOTTIME);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
    return realtime;
  return clock == CLOCK_BOOTTIME ? boottime : monotonic;
}

int64_t scaled(clockid_t clock, int64_t real) {
  return origin(clock) + std::llround(static_cast<double>(real - origin(clock)) * rate());
}
int64_t unscaled(clockid_t clock, int64_t time) {
  return origin(clock) + std::llround(static_cast<double>(time - origin(clock)) / rate());
}

timespec shorter(const timespec &time) {
  return spec_of(std::llround(static_cast<double>(ns_of(time)) / rate()));
}
// Returns a shorter timeout than `ms`, stored in `time`; null if there is none (-1).
timespec *shorter(int ms, timespec *time) {
  if (ms < 0)
    return nullptr;
  *time = shorter(spec_of(int64_t{ms} * 1000000));
  return time;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec *time) noexcept {
  if (!is_scaled(clock))
    return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  *time = spec_of(scaled(clock, real_ns(clock)));
  return 0;
}

int gettimeofday(timeval *time, void *) noexcept {
  const int64_t now = scaled(CLOCK_REALTIME, real_ns(CLOCK_REALTIME));
  *time = {static_cast<time_t>(now / kSecond), static_cast<suseconds_t>(now % kSecond / 1000)};
  return 0;
}

time_t time(time_t *to) noexcept {
  const time_t now = scaled(CLOCK_REALTIME, real_ns(CLOCK_REALTIME)) / kSecond;
  if (to)
    *to = now;
  return now;
}

int ppoll(pollfd *fds, nfds_t count, const timespec *timeout, const sigset_t *mask) {
  static const auto real = next<decltype(&ppoll)>("ppoll");
  timespec wait{};
  if (timeout)
    wait = shorter(*timeout);
  return real(fds, count, timeout ? &wait : nullptr, mask);
}

int poll(pollfd *fds, nfds_t count, int ms) {
  static const auto real = next<decltype(&ppoll)>("ppoll");
  timespec wait{};
  return real(fds, count, shorter(ms, &wait), nullptr);
}

int epoll_wait(int epoll, epoll_event *events, int most, int ms) {
  timespec wait{};
  return static_cast<int>(
      syscall(SYS_epoll_pwait2, epoll, events, most, shorter(ms, &wait), nullptr, 0));
}

int nanosleep(const timespec *time, timespec *rest) {
  static const auto real = next<decltype(&nanosleep)>("nanosleep");
  const timespec wait = shorter(*time);
  return real(&wait, rest);
}

int clock_nanosleep(clockid_t clock, int flags, const timespec *time, timespec *rest) {
  static const auto real = next<decltype(&clock_nanosleep)>("clock_nanosleep");
  const timespec wait =
      flags & TIMER_ABSTIME ? spec_of(unscaled(clock, ns_of(*time))) : shorter(*time);
  return real(clock, flags, &wait, rest);
}

int usleep(useconds_t us) {
  const timespec time = spec_of(int64_t{us} * 1000);
  return nanosleep(&time, nullptr);
}

int timerfd_settime(int timer, int flags, const itimerspec *when, itimerspec *old) noexcept {
  static const auto real = next<decltype(&timerfd_settime)>("timerfd_settime");
  itimerspec sooner = {shorter(when->it_interval), shorter(when->it_value)};
  if (flags & TFD_TIMER_ABSTIME)
    sooner.it_value = spec_of(unscaled(CLOCK_MONOTONIC, ns_of(when->it_value)));
  return real(timer, flags, &sooner, old);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const timespec *until) {
  static const auto real = next<decltype(&pthread_cond_clockwait)>("pthread_cond_clockwait");
  const timespec sooner = spec_of(unscaled(CLOCK_REALTIME, ns_of(*until)));
  return real(condition, mutex, CLOCK_REALTIME, &sooner);
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                           const timespec *until) {
  static const auto real = next<decltype(&pthread_cond_clockwait)>("pthread_cond_clockwait");
  const timespec sooner = spec_of(unscaled(clock, ns_of(*until)));
  return real(condition, mutex, clock, &sooner);
}

// GLib and GStreamer wait on futexes by system calls. FUTEX_WAIT has a duration, FUTEX_WAIT_BITSET
// a point in time.
long syscall(long number, ...) noexcept {
  static const auto real = next<long (*)(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long one[6];
  for (long &argument : one)
    argument = va_arg(list, long);
  va_end(list);
  timespec sooner{};
  const auto *until = reinterpret_cast<const timespec *>(one[3]);
  const long command = one[1] & FUTEX_CMD_MASK;
  if (number == SYS_futex && until && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET)) {
    const clockid_t clock = one[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    sooner = command == FUTEX_WAIT ? shorter(*until) : spec_of(unscaled(clock, ns_of(*until)));
    one[3] = reinterpret_cast<long>(&sooner);
  }
  return real(number, one[0], one[1], one[2], one[3], one[4], one[5]);
}

}  // extern "C"

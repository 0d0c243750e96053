// SPDX-License-Identifier: LGPL-2.1-or-later
// The child process that watches a recorder. The recorder is a child of the test.
#include "watchdog.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/sleepclock.h"
#include "gst_check.h"

namespace {

using rtms::sleep_clock_us;
using rtms::recorder::Watchdog;

constexpr int64_t kLimit_us = 300000, kAnswer_us = 1000000;
constexpr unsigned kDeadline_s = 120;
// With this in the environment, the watchdog ends at once.
constexpr char kDies[] = "RTMS_WATCHDOG_DIES";

// The exit code of a recorder that ended as expected.
constexpr int kGood = 42;

template <typename Recorder>
pid_t begin(Recorder recorder) {
  const pid_t process = fork();
  if (process)
    return process;
  alarm(kDeadline_s);
  std::signal(SIGPIPE, SIG_IGN);
  Watchdog watchdog([](const std::string &why) { g_printerr("%s\n", why.c_str()); });
  recorder(&watchdog);
  _exit(kGood);
}

int end_of(pid_t process) {
  int status = 0;
  ck_assert_int_eq(waitpid(process, &status, 0), process);
  return status;
}

pid_t child_of(pid_t process) {
  const std::string task = "/proc/" + std::to_string(process) + "/task/" + std::to_string(process);
  pid_t child = 0;
  std::ifstream(task + "/children") >> child;
  return child;
}

// Waits until the watchdog runs, and returns its process.
pid_t watchdog_of(pid_t recorder) {
  const int64_t deadline_us = sleep_clock_us() + kDeadline_s * int64_t{G_USEC_PER_SEC};
  while (sleep_clock_us() < deadline_us) {
    const pid_t child = child_of(recorder);
    std::string name;
    std::ifstream("/proc/" + std::to_string(child) + "/comm") >> name;
    if (name == "rtms-watchdog")
      return child;
    g_usleep(1000);
  }
  return 0;
}

[[noreturn]] void hang() {
  for (;;)
    pause();
}

void expect_killed(pid_t process, int64_t from_us) {
  const int status = end_of(process);
  ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
  ck_assert_int_ge(sleep_clock_us() - from_us, kLimit_us + kAnswer_us);
}

void expect_good(pid_t process) {
  const int status = end_of(process);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == kGood, "status %d", status);
}

}  // namespace

GST_START_TEST(test_hung) {
  const int64_t from_us = sleep_clock_us();
  expect_killed(begin([](Watchdog *watchdog) {
                  watchdog->expect(sleep_clock_us() + kLimit_us);
                  hang();
                }),
                from_us);
}
GST_END_TEST;

// Nobody reads what the watchdog says.
GST_START_TEST(test_full_output) {
  const int64_t from_us = sleep_clock_us();
  expect_killed(begin([](Watchdog *watchdog) {
                  int ends[2];
                  if (pipe(ends) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
                    return;
                  while (write(ends[1], "full", 4) > 0) {
                  }
                  fcntl(ends[1], F_SETFL, 0);
                  dup2(ends[1], STDERR_FILENO);
                  watchdog->expect(sleep_clock_us() + kLimit_us);
                  hang();
                }),
                from_us);
}
GST_END_TEST;

// By one signal for it alone, and by Ctrl-Z for its process group. It continues without a SIGCONT
// of this test.
GST_START_TEST(test_stopped) {
  const bool group = __i__ == 1;
  const pid_t recorder = begin([group](Watchdog *watchdog) {
    setpgid(0, 0);
    watchdog->expect(sleep_clock_us() + 100 * kLimit_us);
    if (!watchdog_of(getpid()))
      _exit(EXIT_FAILURE);
    const int64_t until_us = sleep_clock_us() + kLimit_us;
    watchdog->expect(until_us);
    kill(group ? 0 : getpid(), group ? SIGTSTP : SIGSTOP);
    const bool late = sleep_clock_us() >= until_us;
    watchdog->expect(0);
    // The time in which it would be killed.
    g_usleep(2 * kAnswer_us);
    _exit(late ? kGood : EXIT_FAILURE);
  });
  expect_good(recorder);
}
GST_END_TEST;

GST_START_TEST(test_alive) {
  const pid_t recorder = begin([](Watchdog *watchdog) {
    for (int64_t waited_us = 0; waited_us < 2 * (kLimit_us + kAnswer_us); waited_us += kLimit_us) {
      watchdog->expect(sleep_clock_us() + 2 * kLimit_us);
      g_usleep(kLimit_us);
    }
    if (!watchdog_of(getpid()))
      _exit(EXIT_FAILURE);
  });
  expect_good(recorder);
}
GST_END_TEST;

GST_START_TEST(test_replaced) {
  const int64_t from_us = sleep_clock_us();
  expect_killed(begin([](Watchdog *watchdog) {
                  watchdog->expect(sleep_clock_us() + 100 * kLimit_us);
                  const pid_t first = watchdog_of(getpid());
                  if (!first)
                    return;
                  kill(first, SIGKILL);
                  pid_t second = first;
                  while (second == 0 || second == first) {
                    g_usleep(1000);
                    watchdog->expect(sleep_clock_us() + kLimit_us);
                    second = child_of(getpid());
                  }
                  hang();
                }),
                from_us);
}
GST_END_TEST;

// One that ends at once is reported, and not started again each time.
GST_START_TEST(test_dies) {
  const pid_t recorder = fork();
  if (!recorder) {
    alarm(kDeadline_s);
    std::signal(SIGPIPE, SIG_IGN);
    g_setenv(kDies, "1", TRUE);
    unsigned problems = 0;
    Watchdog watchdog([&problems](const std::string &) { problems++; });
    while (!problems) {
      watchdog.expect(sleep_clock_us() + 100 * kLimit_us);
      g_usleep(1000);
    }
    for (unsigned i = 0; i < 100; i++)
      watchdog.expect(sleep_clock_us() + 100 * kLimit_us);
    _exit(problems == 1 && child_of(getpid()) == 0 ? kGood : EXIT_FAILURE);
  }
  expect_good(recorder);
}
GST_END_TEST;

// Whatever ends the recorder; signals to its process group do not end it before.
GST_START_TEST(test_ends) {
  ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const pid_t recorder = begin([](Watchdog *watchdog) {
    setpgid(0, 0);
    watchdog->expect(sleep_clock_us() + 100 * kLimit_us);
    hang();
  });
  const pid_t watchdog = watchdog_of(recorder);
  ck_assert_int_gt(watchdog, 0);
  for (int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGTSTP})
    kill(watchdog, signal);
  ck_assert_int_eq(waitpid(recorder, nullptr, WNOHANG), 0);
  ck_assert_int_eq(child_of(recorder), watchdog);
  kill(recorder, SIGKILL);
  end_of(recorder);
  const int status = end_of(watchdog);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, "status %d", status);
}
GST_END_TEST;

static Suite *recorder_watchdog_suite() {
  Suite *suite = suite_create("recorder_watchdog");
  TCase *tcase = tcase_create("watchdog");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_hung);
  tcase_add_test(tcase, test_full_output);
  tcase_add_loop_test(tcase, test_stopped, 0, 2);
  tcase_add_test(tcase, test_alive);
  tcase_add_test(tcase, test_replaced);
  tcase_add_test(tcase, test_dies);
  tcase_add_test(tcase, test_ends);
  return suite;
}

int main(int argc, char **argv) {
  if (rtms::recorder::is_watchdog(argc, argv))
    return g_getenv(kDies) ? EXIT_FAILURE : rtms::recorder::run_watchdog();
  gst_check_init(&argc, &argv);
  return gst_check_run_suite(recorder_watchdog_suite(), "recorder_watchdog", __FILE__);
}

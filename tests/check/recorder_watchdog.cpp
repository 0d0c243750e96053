// SPDX-License-Identifier: LGPL-2.1-or-later
// The child process that watches a recorder. The recorder is a child of the test.
#include "watchdog.h"

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

constexpr int64_t kLimit_us = 300000, kAnswer_us = 1500000;
constexpr unsigned kDeadline_s = 20;

// The exit code of a recorder whose watchdog cannot be started, and of one that ended as expected.
constexpr int kProblem = 3, kGood = 42;

template <typename Recorder>
pid_t begin(Recorder recorder) {
  const pid_t process = fork();
  if (process)
    return process;
  alarm(kDeadline_s);
  std::signal(SIGPIPE, SIG_IGN);
  Watchdog watchdog([](const std::string &why) {
    g_printerr("%s\n", why.c_str());
    _exit(kProblem);
  });
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

[[noreturn]] void hang() {
  for (;;)
    pause();
}

void expect_killed(pid_t process, int64_t from_us) {
  const int status = end_of(process);
  ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
  ck_assert_int_ge(sleep_clock_us() - from_us, kLimit_us + kAnswer_us);
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

// It continues without a SIGCONT of this test.
GST_START_TEST(test_stopped) {
  const pid_t recorder = begin([](Watchdog *watchdog) {
    const int64_t until_us = sleep_clock_us() + kLimit_us;
    watchdog->expect(until_us);
    raise(SIGSTOP);
    const bool late = sleep_clock_us() >= until_us;
    watchdog->expect(0);
    // The time in which it would be killed.
    g_usleep(2 * kAnswer_us);
    _exit(late ? kGood : EXIT_FAILURE);
  });
  const int status = end_of(recorder);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == kGood, "status %d", status);
}
GST_END_TEST;

GST_START_TEST(test_alive) {
  const pid_t recorder = begin([](Watchdog *watchdog) {
    for (int64_t waited_us = 0; waited_us < 2 * (kLimit_us + kAnswer_us); waited_us += kLimit_us) {
      watchdog->expect(sleep_clock_us() + 2 * kLimit_us);
      g_usleep(kLimit_us);
    }
  });
  const int status = end_of(recorder);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == kGood, "status %d", status);
}
GST_END_TEST;

GST_START_TEST(test_replaced) {
  const int64_t from_us = sleep_clock_us();
  expect_killed(begin([](Watchdog *watchdog) {
                  watchdog->expect(sleep_clock_us() + 100 * kLimit_us);
                  const pid_t first = child_of(getpid());
                  kill(first, SIGKILL);
                  while (child_of(getpid()) == first) {
                    g_usleep(1000);
                    watchdog->expect(sleep_clock_us() + kLimit_us);
                  }
                  hang();
                }),
                from_us);
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
  const int64_t deadline_us = sleep_clock_us() + kDeadline_s * int64_t{G_USEC_PER_SEC};
  pid_t watchdog = 0;
  char name[32] = "";
  while (std::string(name) != "rtms-watchdog" && sleep_clock_us() < deadline_us) {
    g_usleep(1000);
    watchdog = child_of(recorder);
    std::ifstream("/proc/" + std::to_string(watchdog) + "/comm").getline(name, sizeof name);
  }
  ck_assert_str_eq(name, "rtms-watchdog");
  for (int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1})
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
  tcase_add_test(tcase, test_stopped);
  tcase_add_test(tcase, test_alive);
  tcase_add_test(tcase, test_replaced);
  tcase_add_test(tcase, test_ends);
  return suite;
}

int main(int argc, char **argv) {
  if (rtms::recorder::is_watchdog(argc, argv))
    return rtms::recorder::run_watchdog();
  gst_check_init(&argc, &argv);
  return gst_check_run_suite(recorder_watchdog_suite(), "recorder_watchdog", __FILE__);
}

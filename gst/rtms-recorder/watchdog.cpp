// SPDX-License-Identifier: LGPL-2.1-or-later
#include "watchdog.h"

#include "base/glibptr.h"
#include "base/sleepclock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace rtms::recorder {
namespace {

// Not "rtms-recorder…": signals by that name must not reach this process.
constexpr char kName[] = "rtms-watchdog";
// No other recorder connects within 2 s of the limit: see Lease.
constexpr int kAnswer_ms = 1500;
// poll() does not count the sleep of the machine.
constexpr int64_t kMostWait_ms = 1000;

enum class Heard { Limit, Nothing, End };

Heard listen(int timeout_ms, int64_t *until_us) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, timeout_ms) <= 0)
    return Heard::Nothing;
  return read(STDIN_FILENO, until_us, sizeof *until_us) == sizeof *until_us ? Heard::Limit
                                                                            : Heard::End;
}

int wait_ms(int64_t until_us) {
  if (!until_us)
    return -1;
  const int64_t left_ms = (until_us - sleep_clock_us()) / 1000 + 1;
  return static_cast<int>(std::clamp<int64_t>(left_ms, 0, kMostWait_ms));
}

}  // namespace

// ---- in the recorder -----------------------------------------------------------------

void Watchdog::expect(int64_t until_us) {
  if (send(until_us))
    return;
  end();
  if (start())
    send(until_us);
}

bool Watchdog::send(int64_t until_us) {
  return pipe_ >= 0 && write(pipe_, &until_us, sizeof until_us) == sizeof until_us;
}

bool Watchdog::start() {
  // The program that runs, even if its file was replaced by an upgrade.
  const char *const arguments[] = {"/proc/self/exe", kName, nullptr};
  constexpr auto flags = static_cast<GSpawnFlags>(
      G_SPAWN_FILE_AND_ARGV_ZERO | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL);
  GError *raw_error = nullptr;
  if (getpid() == 1)
    report(
        "this recorder is process 1 of its container, which its watchdog cannot kill. Start it "
        "below an init such as tini.");
  if (g_spawn_async_with_pipes(nullptr, const_cast<char **>(arguments), nullptr, flags, nullptr,
                               nullptr, &process_, &pipe_, nullptr, nullptr, &raw_error)) {
    // A process that does not read must not block the recorder.
    fcntl(pipe_, F_SETFL, O_NONBLOCK);
    return true;
  }
  const ErrorPtr error(raw_error);
  report("the watchdog cannot be started: " + std::string(error->message) + ".");
  return false;
}

void Watchdog::report(const std::string &problem) {
  if (!reported_)
    problem_(problem);
  reported_ = true;
}

void Watchdog::end() {
  if (pipe_ < 0)
    return;
  close(pipe_);
  pipe_ = -1;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

// ---- in the child process ------------------------------------------------------------

bool is_watchdog(int argc, char **argv) {
  return argc == 1 && std::strcmp(argv[0], kName) == 0;
}

int run_watchdog() {
#ifdef __linux__
  prctl(PR_SET_NAME, kName);
#endif
  // It ends with the recorder, which may take long to finish its files.
  for (int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1})
    std::signal(signal, SIG_IGN);
  const pid_t recorder = getppid();
  int64_t until_us = 0;
  for (;;) {
    const Heard heard = listen(wait_ms(until_us), &until_us);
    if (heard == Heard::End || getppid() != recorder)
      return EXIT_SUCCESS;
    if (heard == Heard::Limit || !until_us || sleep_clock_us() < until_us)
      continue;
    kill(recorder, SIGCONT);
    // The recorder and this process may have slept together: the recorder has the whole time.
    if (listen(kAnswer_ms, &until_us) != Heard::Nothing)
      continue;
    std::fputs(
        "rtms-recorder: killed by its watchdog: it hung, and other recorders continue its "
        "meetings. Start it again.\n",
        stderr);
    kill(recorder, SIGKILL);
    return EXIT_SUCCESS;
  }
}

}  // namespace rtms::recorder

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
#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace rtms::recorder {
namespace {

// Not "rtms-recorder…": signals by that name must not reach this process.
constexpr char kName[] = "rtms-watchdog";
constexpr char kProgram[] = "/proc/self/exe";
// No other recorder connects within 2 s of the limit: see Lease. A machine that has slept longer is
// slow at first, and has lost its streams already.
constexpr unsigned kAnswer_ms = 1000, kAnswerAfterSleep_ms = 15000;
constexpr int64_t kSlept_us = 2 * G_USEC_PER_SEC;
// poll() does not count the sleep of the machine.
constexpr int64_t kMostWait_ms = 1000;
// A process that ends soon is started again later and later.
constexpr int64_t kLives_us = 60 * G_USEC_PER_SEC, kFirstPause_us = 2 * G_USEC_PER_SEC,
                  kMostPause_us = 600 * int64_t{G_USEC_PER_SEC};

constexpr char kKilled[] =
    "rtms-recorder: its watchdog sent it SIGKILL: it hung, and other recorders continue its "
    "meetings. Start it again.\n";

enum class Heard { Limit, Nothing, End };

Heard listen(int timeout_ms, int64_t *until_us) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, timeout_ms) <= 0)
    return Heard::Nothing;
  return read(STDIN_FILENO, until_us, sizeof *until_us) == sizeof *until_us ? Heard::Limit
                                                                            : Heard::End;
}

// In small steps: time in which both processes are stopped does not count.
Heard wait_for_answer(unsigned timeout_ms, int64_t *until_us) {
  constexpr unsigned kStep_ms = 50;
  for (unsigned waited_ms = 0; waited_ms < timeout_ms; waited_ms += kStep_ms)
    if (const Heard heard = listen(kStep_ms, until_us); heard != Heard::Nothing)
      return heard;
  return Heard::Nothing;
}

int wait_ms(int64_t until_us) {
  if (!until_us)
    return -1;
  const int64_t left_ms = (until_us - sleep_clock_us()) / 1000 + 1;
  return static_cast<int>(std::clamp<int64_t>(left_ms, 0, kMostWait_ms));
}

// Does not wait for a reader.
void say(const char *text) {
  pollfd output{STDERR_FILENO, POLLOUT, 0};
  if (poll(&output, 1, 0) == 1 && write(STDERR_FILENO, text, std::strlen(text)) < 0)
    return;
}

}  // namespace

// ---- in the recorder -----------------------------------------------------------------

void Watchdog::expect(int64_t until_us) {
  if (send(until_us))
    return;
  const int64_t now_us = sleep_clock_us();
  if (pipe_ >= 0) {
    end();
    pause_us_ = now_us - started_us_ >= kLives_us
                    ? 0
                    : std::clamp(2 * pause_us_, kFirstPause_us, kMostPause_us);
    problem_("the watchdog has ended, and is started again in " +
             std::to_string(pause_us_ / G_USEC_PER_SEC) + " s.");
    next_us_ = now_us + pause_us_;
  }
  if (now_us < next_us_)
    return;
  started_us_ = now_us;
  if (start())
    send(until_us);
  else
    next_us_ = now_us + kMostPause_us;
}

bool Watchdog::send(int64_t until_us) {
  return pipe_ >= 0 && write(pipe_, &until_us, sizeof until_us) == sizeof until_us;
}

bool Watchdog::start() {
  if (getpid() == 1)
    problem_(
        "this recorder is process 1 of its container, which its watchdog cannot kill. Start it "
        "below an init such as tini.");
  // The link itself where its file was replaced by an upgrade; valgrind knows only the file.
  const StringPtr file(g_file_read_link(kProgram, nullptr));
  const bool exists = file && access(file.get(), X_OK) == 0;
  const char *const arguments[] = {exists ? file.get() : kProgram, kName, nullptr};
  constexpr auto flags = static_cast<GSpawnFlags>(
      G_SPAWN_FILE_AND_ARGV_ZERO | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL);
  GError *raw_error = nullptr;
  if (g_spawn_async_with_pipes(nullptr, const_cast<char **>(arguments), nullptr, flags, nullptr,
                               nullptr, &process_, &pipe_, nullptr, nullptr, &raw_error)) {
    // A process that does not read must not block the recorder.
    fcntl(pipe_, F_SETFL, O_NONBLOCK);
    return true;
  }
  const ErrorPtr error(raw_error);
  problem_("the watchdog cannot be started: " + std::string(error->message) + ".");
  return false;
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
  // It ends with the recorder, which may take long to finish its files; and it does not stop with
  // it.
  for (int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU})
    std::signal(signal, SIG_IGN);
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_NAME, kName);
#endif
  const pid_t recorder = getppid();
  int64_t until_us = 0;
  for (;;) {
    const Heard heard = listen(wait_ms(until_us), &until_us);
    if (heard == Heard::End || getppid() != recorder)
      return EXIT_SUCCESS;
    const int64_t late_us = sleep_clock_us() - until_us;
    if (heard == Heard::Limit || !until_us || late_us < 0)
      continue;
    kill(recorder, SIGCONT);
    if (wait_for_answer(late_us > kSlept_us ? kAnswerAfterSleep_ms : kAnswer_ms, &until_us) !=
        Heard::Nothing)
      continue;
    kill(recorder, SIGKILL);
    say(kKilled);
    return EXIT_SUCCESS;
  }
}

}  // namespace rtms::recorder

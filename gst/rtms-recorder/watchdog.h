// SPDX-License-Identifier: LGPL-2.1-or-later
// A child process that makes sure that a recorder which hangs has no connection left when another
// recorder takes its streams over.
#pragma once

#include <glib.h>
#include <cstdint>
#include <functional>
#include <string>

namespace rtms::recorder {

// In the recorder. A process that has ended is started again. Used on the main thread.
class Watchdog {
 public:
  // `problem` gets an error text when the process cannot do its work.
  explicit Watchdog(std::function<void(const std::string &)> problem)
      : problem_(std::move(problem)) {}
  ~Watchdog() { end(); }
  Watchdog(const Watchdog &) = delete;
  Watchdog &operator=(const Watchdog &) = delete;

  // The recorder is alive, and calls this again before `until_us` of the sleep clock. If it does
  // not, it was perhaps stopped by a signal: the process sends SIGCONT, so that the recorder reads
  // its sockets and closes them. A recorder that still does not call is killed. 0: not watched.
  void expect(int64_t until_us);

 private:
  bool start();
  bool send(int64_t until_us);
  void end();

  const std::function<void(const std::string &)> problem_;
  int64_t started_us_ = 0, pause_us_ = 0, next_us_ = 0;
  GPid process_ = 0;
  int pipe_ = -1;
};

// In the child process, which this program recognizes by its first argument.
bool is_watchdog(int argc, char **argv);
int run_watchdog();

}  // namespace rtms::recorder

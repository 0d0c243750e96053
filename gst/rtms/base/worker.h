// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs functions that may block on a disk, one after the other, on a thread that exists only while
// there is work.
#pragma once

#include <functional>
#include <memory>

namespace rtms {

// What a failure to create a thread means, and what to do.
inline constexpr char kNoThread[] =
    "The system has no thread to give: a limit of processes is reached (ulimit -u, a container's "
    "pids limit, TasksMax of a systemd service). Raise it.";

// Runs `fn` on a thread of its own that nobody waits for. While the system has no thread to give,
// this thread's default main context tries again, as long as it lives.
void run_detached(std::function<void()> fn);

class Worker {
 public:
  // The destructor does not wait: pending work still runs after the worker's end.
  Worker();
  Worker(const Worker &) = delete;
  Worker &operator=(const Worker &) = delete;

  // Runs `work` on the thread, then `done` on the calling thread's default main context. Neither
  // may use objects that the calling thread may have destroyed.
  void run(std::function<void()> work, std::function<void()> done = {});
  // Returns the number of functions that have not started.
  size_t waiting() const;

 private:
  struct State;
  // Shared with the thread, which may block for ever in a system call.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// What may have to wait for a disk, one thing after the other, on a thread that lives as long as
// there is something to do.
#pragma once

#include <functional>
#include <memory>

namespace rtms {

class Worker {
 public:
  // What a worker was given before its end is still done; nobody waits for that.
  Worker();
  Worker(const Worker &) = delete;
  Worker &operator=(const Worker &) = delete;

  // Then `done`, on the default main context of the calling thread. Neither may need what that
  // thread may have destroyed.
  void run(std::function<void()> work, std::function<void()> done = {});
  // What is not done yet.
  size_t waiting() const;

 private:
  struct State;
  // The thread may be in a call that never returns: it has a share of it.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms

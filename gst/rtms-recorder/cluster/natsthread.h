// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that runs blocking calls in order. It is never joined: a call may block for long, and
// the process exits without waiting for it.
#pragma once

#include "base/worker.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace rtms::recorder {

class NatsThread {
 public:
  NatsThread() : state_(std::make_shared<State>()) {
    run_detached([state = state_] { state->run(); });
  }
  ~NatsThread() { post({}); }
  NatsThread(const NatsThread &) = delete;
  NatsThread &operator=(const NatsThread &) = delete;

  // An empty function ends the thread.
  void post(std::function<void()> work) {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->work.push_back(std::move(work));
    state_->changed.notify_one();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> work;

    void run() {
      for (;;) {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [this] { return !work.empty(); });
        const auto next = std::move(work.front());
        work.pop_front();
        lock.unlock();
        if (!next)
          return;
        next();
      }
    }
  };
  const std::shared_ptr<State> state_;
};

}  // namespace rtms::recorder

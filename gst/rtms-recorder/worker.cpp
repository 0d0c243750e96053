// SPDX-License-Identifier: LGPL-2.1-or-later
#include "worker.h"

#include "gst.h"

#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace rtms::recorder {

struct Worker::State {
  struct Item {
    std::function<void()> work, done;
  };
  std::mutex mutex;  // guards what follows
  std::deque<Item> items;
  bool running = false;

  // False: nothing is left to do, and the thread ends.
  bool next(Item *item) {
    std::lock_guard<std::mutex> lock(mutex);
    running = !items.empty();
    if (!running)
      return false;
    *item = std::move(items.front());
    items.pop_front();
    return true;
  }
};

Worker::Worker() : state_(std::make_shared<State>()) {}

void Worker::run(std::function<void()> work, std::function<void()> done) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->items.push_back({std::move(work), std::move(done)});
  if (std::exchange(state_->running, true))
    return;
  std::thread([state = state_] {
    for (State::Item item; state->next(&item);) {
      item.work();
      item.work = nullptr;
      if (item.done)
        post(std::move(item.done));
    }
  }).detach();
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What waits for a pad's streaming task, and how that is stopped.
#pragma once

#include "queue.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace rtms {

// Any thread. Nothing is called with the mutex held: each call may come to the application, which
// may ask the pad something.
class PadQueue {
 public:
  // `batch`: when all was taken, the task leaves for so long what comes then.
  PadQueue(Queue::Policy policy, Queue::Limits limits, std::chrono::milliseconds batch)
      : batch_(batch), queue_(policy, limits) {}

  // All but start() do nothing while the pad is stopped, or after EOS.
  void start();
  // The task is woken by wake(): once for each buffer of a burst would cost more than all the rest.
  Queue::Result push(BufferPtr buffer);
  void push(EventPtr event);
  void wake() { changed_.notify_one(); }
  void interrupt();
  // The same, where nothing waits; else false.
  bool interrupt_if_empty();
  uint64_t bytes();
  uint64_t time_ns();
  bool half_full();  // more than that

  // What the task does next, when what it took before is pushed.
  enum class Next { Item, Nothing, Stop };
  // Nothing: there was none for so long.
  Next next(BufferPtr *buffer, EventPtr *event, std::chrono::milliseconds patience);
  // Without waiting.
  Next next(BufferPtr *buffer, EventPtr *event);
  // The task ends; `eos`: because that was pushed.
  void finished(bool eos);

  // The queue is flushed. False where that was done before.
  bool begin_stop();
  bool is_stopping();
  // Waits until nothing is in the middle of a push any more.
  bool has_stopped(std::chrono::steady_clock::time_point deadline);
  bool has_eos();  // in the queue, or pushed
  bool is_over();  // EOS is pushed

 private:
  void pushed();
  Next take(BufferPtr *buffer, EventPtr *event);
  bool has_next() const { return flushing_ || over_ || !queue_.empty(); }

  const std::chrono::milliseconds batch_;
  std::mutex mutex_;
  std::condition_variable changed_, stopping_;
  bool busy_ = false;  // something was taken since the task last had nothing to do
  Queue queue_;
  bool flushing_ = true;
  bool eos_ = false;
  bool over_ = false;
  bool pushing_ = false;
};

}  // namespace rtms

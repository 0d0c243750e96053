// SPDX-License-Identifier: LGPL-2.1-or-later
// The queue of a pad's streaming task, and how the task stops.
#pragma once

#include "queue.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace rtms {

// Any thread. Nothing is called with the mutex held, because any call may reach the application,
// which may query the pad.
class PadQueue {
 public:
  // `batch`: when the queue was emptied, the task waits this long to collect buffers.
  PadQueue(Queue::Policy policy, Queue::Limits limits, std::chrono::milliseconds batch)
      : batch_(batch), queue_(policy, limits) {}

  // All but start() do nothing while the pad is stopped, or after EOS.
  void start();
  // Does not wake the task: one wake-up per buffer of a burst would cost more than all other work.
  Queue::Result push(BufferPtr buffer);
  void push(EventPtr event);
  void wake() { changed_.notify_one(); }
  // A new link: the caps are pushed next, before there is data. The link may precede start().
  void expect_caps();
  void interrupt();
  // The last item is lost: the queue continues with DISCONT and a keyframe.
  void lost();
  // interrupt() if the queue is empty; else returns false.
  bool interrupt_if_empty();
  bool is_empty();
  uint64_t bytes();
  uint64_t time_ns();
  bool half_full();  // more than half of a limit

  // The task's next step; asking for it completes the last one.
  enum class Next { Item, Caps, Nothing, Stop };
  // Waits for `patience` at most; Nothing: the queue stayed empty.
  Next next(BufferPtr *buffer, EventPtr *event, std::chrono::milliseconds patience);
  // Does not wait.
  Next next(BufferPtr *buffer, EventPtr *event);
  // The task ends; `eos`: because EOS was pushed.
  void finished(bool eos);

  // Flushes the queue. Returns false if that was done before.
  bool begin_stop();
  bool is_stopping();
  // Waits until no push is in progress.
  bool has_stopped(std::chrono::steady_clock::time_point deadline);
  // The number of the push in progress; 0: there is none.
  uint64_t push_in_progress();
  bool has_eos();  // in the queue, or pushed
  bool is_over();  // EOS is pushed

 private:
  void pushed();
  Next take(BufferPtr *buffer, EventPtr *event);
  bool has_next() const { return flushing_ || over_ || caps_due_ || !queue_.empty(); }

  const std::chrono::milliseconds batch_;
  std::mutex mutex_;
  std::condition_variable changed_, stopping_;
  bool busy_ = false;  // an item was taken since the task was last idle
  Queue queue_;
  bool caps_due_ = false;
  bool flushing_ = true;
  bool eos_ = false;
  bool over_ = false;
  bool pushing_ = false;
  uint64_t pushes_ = 0;
};

}  // namespace rtms

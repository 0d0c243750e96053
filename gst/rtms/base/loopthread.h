// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that runs a GMainLoop on a context of its own.
#pragma once

#include "glibptr.h"

#include <deque>
#include <functional>
#include <mutex>
#include <string>

namespace rtms {

class LoopThread {
 public:
  // One that is shared by all who give the same name; without a name, one of its own. It ends with
  // its last user.
  static std::shared_ptr<LoopThread> get(const std::string &name);

  // Starts the thread; its context is the thread's default one.
  explicit LoopThread(const char *name);
  // Ends the loop and joins the thread. Not from the thread itself.
  ~LoopThread();
  LoopThread(const LoopThread &) = delete;
  LoopThread &operator=(const LoopThread &) = delete;

  // Runs fn on the thread, later, in the order of the calls. From any thread.
  void post(std::function<void()> fn);
  // Returns when all that was posted before has run. Not from the thread itself.
  void flush();
  // Counts asynchronous operations that have not completed: the thread does not end before they
  // have, which takes no more than a moment. Changed on the thread.
  std::shared_ptr<unsigned> operations() const { return operations_; }
  bool is_current() const { return g_thread_self() == thread_; }

 private:
  using Fn = std::function<void()>;

  static gpointer run(gpointer self);
  static gboolean run_next(gpointer self);
  void drain();

  std::mutex mutex_;
  std::deque<Fn> posted_;  // guarded by the mutex; each has a source of its own

  std::shared_ptr<unsigned> operations_ = std::make_shared<unsigned>(0);
  MainContextPtr context_;
  MainLoopPtr loop_;
  GThread *thread_;
};

}  // namespace rtms

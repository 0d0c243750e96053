// A thread that runs a GMainLoop on a context of its own.
#pragma once

#include "../glibptr.h"

#include <functional>

namespace rtms {

class LoopThread {
 public:
  // Starts the thread; its context is the thread's default one.
  explicit LoopThread(const char *name);
  // Ends the loop and joins the thread. Not from the thread itself.
  ~LoopThread();
  LoopThread(const LoopThread &) = delete;
  LoopThread &operator=(const LoopThread &) = delete;

  // Runs fn on the thread, later, in the order of the calls. From any thread.
  void post(std::function<void()> fn);
  bool is_current() const { return g_thread_self() == thread_; }

 private:
  static gpointer run(gpointer self);

  MainContextPtr context_;
  MainLoopPtr loop_;
  GThread *thread_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that runs a GMainLoop on a context of its own.
#pragma once

#include "glibptr.h"
#include "socketwatch.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

namespace rtms {

class LoopThread {
 public:
  // Returns the thread shared by all callers that give the same name, or a new one for an empty
  // name; nothing if the system has none to give. The thread ends with its last user.
  static std::shared_ptr<LoopThread> get(const std::string &name);

  // Starts the thread, and makes its context the thread's default main context.
  explicit LoopThread(const char *name);
  // Ends the loop and joins the thread. Must not run on the thread itself.
  ~LoopThread();
  LoopThread(const LoopThread &) = delete;
  LoopThread &operator=(const LoopThread &) = delete;

  // Runs fn on the thread later, in the order of the calls. Callable from any thread.
  void post(std::function<void()> fn);
  // Returns when every function posted before has run. Must not run on the thread itself.
  void flush();
  // Counts the asynchronous operations that have not completed. The thread waits for them before
  // it ends, at most 200 ms. Only the thread itself changes the counter.
  std::shared_ptr<unsigned> operations() const { return operations_; }
  // Returns the monotonic time, in µs, up to which all that arrived at the thread's sockets has
  // been read. Any thread.
  int64_t read_until_us() const;
  // Returns false if the system had no thread to give: then nothing that is posted runs.
  bool is_running() const { return thread_ != nullptr; }
  bool is_current() const { return g_thread_self() == thread_; }

 private:
  using Fn = std::function<void()>;

  static gpointer run(gpointer self);
  static gboolean run_next(gpointer self);
  void drain();

  std::mutex mutex_;
  std::deque<Fn> posted_;  // guarded by the mutex; one idle source per function

  std::atomic<const SocketsServed *> served_{nullptr};  // null until the thread runs
  std::shared_ptr<unsigned> operations_ = std::make_shared<unsigned>(0);
  MainContextPtr context_;
  MainLoopPtr loop_;
  GThread *thread_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loopthread.h"

#include <condition_variable>
#include <map>
#include <mutex>

namespace rtms {
namespace {

constexpr char kName[] = "rtmssrc";
constexpr unsigned kDrainTimeout_ms = 200;

}  // namespace

std::shared_ptr<LoopThread> LoopThread::get(const std::string &name) {
  const auto start = [] {
    const auto started = std::make_shared<LoopThread>(kName);
    return started->is_running() ? started : nullptr;
  };
  if (name.empty())
    return start();
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<LoopThread>> shared;
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<LoopThread> thread = shared[name].lock();
  if (!thread) {
    thread = start();
    shared[name] = thread;
  }
  return thread;
}

LoopThread::LoopThread(const char *name)
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_.get(), FALSE)) {
  thread_ = g_thread_try_new(name, run, this, nullptr);
}

LoopThread::~LoopThread() {
  if (!is_running())
    return;
  g_assert(!is_current());
  // The source runs in the loop: g_main_loop_quit() before g_main_loop_run() would be lost.
  post([this] { g_main_loop_quit(loop_.get()); });
  g_thread_join(thread_);
}

gpointer LoopThread::run(gpointer data) {
  auto self = static_cast<LoopThread *>(data);
  g_main_context_push_thread_default(self->context_.get());
  const auto served = SocketsServed::here();
  self->served_ = served.get();
  g_main_loop_run(self->loop_.get());
  self->drain();
  g_main_context_pop_thread_default(self->context_.get());
  return nullptr;
}

void LoopThread::drain() {
  bool timed_out = false;
  AttachedSource limit(g_timeout_source_new(kDrainTimeout_ms));
  g_source_set_callback(
      limit.get(),
      [](gpointer data) -> gboolean {
        *static_cast<bool *>(data) = true;
        return G_SOURCE_CONTINUE;
      },
      &timed_out, nullptr);
  g_source_attach(limit.get(), context_.get());
  while (*operations_ > 0 && !timed_out)
    g_main_context_iteration(context_.get(), TRUE);
}

int64_t LoopThread::read_until_us() const {
  const SocketsServed *served = served_;
  return served ? served->until_us() : g_get_monotonic_time();
}

void LoopThread::flush() {
  if (!is_running())
    return;
  g_assert(!is_current());
  std::mutex mutex;
  std::condition_variable changed;
  bool reached = false;
  post([&] {
    std::lock_guard<std::mutex> lock(mutex);
    reached = true;
    changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return reached; });
}

void LoopThread::post(Fn fn) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(fn));
  }
  GSource *source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, run_next, this, nullptr);
  g_source_attach(source, context_.get());
  g_source_unref(source);
}

gboolean LoopThread::run_next(gpointer data) {
  auto self = static_cast<LoopThread *>(data);
  std::unique_lock<std::mutex> lock(self->mutex_);
  const Fn fn = std::move(self->posted_.front());
  self->posted_.pop_front();
  lock.unlock();
  fn();
  return G_SOURCE_REMOVE;
}

}  // namespace rtms

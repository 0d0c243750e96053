// SPDX-License-Identifier: LGPL-2.1-or-later
#include "worker.h"

#include "glibptr.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace rtms {
namespace {

// Carries a function to another thread; the mutex makes the hand-over visible.
struct Posted {
  std::mutex mutex;
  std::function<void()> fn;  // guarded by the mutex
};

void post(GMainContext *context, std::function<void()> fn) {
  auto posted = new Posted;
  {
    std::lock_guard<std::mutex> lock(posted->mutex);
    posted->fn = std::move(fn);
  }
  const auto run = [](gpointer data) -> gboolean {
    auto self = static_cast<Posted *>(data);
    std::unique_lock<std::mutex> lock(self->mutex);
    const auto next = std::move(self->fn);
    lock.unlock();
    next();
    return G_SOURCE_REMOVE;
  };
  GSource *source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, run, posted,
                        [](gpointer data) { delete static_cast<Posted *>(data); });
  g_source_attach(source, context);
  g_source_unref(source);
}

constexpr unsigned kNextTry_ms = 100;

using Fn = std::function<void()>;

gpointer run_and_forget(gpointer data) {
  const std::unique_ptr<Fn> fn(static_cast<Fn *>(data));
  (*fn)();
  return nullptr;
}

// The thread owns the function. A failure is told once, until there are threads again.
bool start_thread(Fn *fn) {
  static std::atomic<bool> told{false};
  GThread *thread = g_thread_try_new("rtms-worker", run_and_forget, fn, nullptr);
  if (thread)
    g_thread_unref(thread);
  if (!told.exchange(!thread) && !thread)
    g_warning("%s Work on files waits for one.", kNoThread);
  return thread != nullptr;
}

// What the timeout source owns: the function, until a thread takes it.
struct Waiting {
  std::unique_ptr<Fn> fn;

  static gboolean try_again(gpointer data) {
    auto &fn = static_cast<Waiting *>(data)->fn;
    if (!start_thread(fn.get()))
      return G_SOURCE_CONTINUE;
    fn.release();
    return G_SOURCE_REMOVE;
  }
};

}  // namespace

void run_detached(std::function<void()> fn) {
  auto owned = std::make_unique<Fn>(std::move(fn));
  if (start_thread(owned.get())) {
    owned.release();
    return;
  }
  const auto waiting = new Waiting{std::move(owned)};
  GSource *source = g_timeout_source_new(kNextTry_ms);
  g_source_set_callback(source, Waiting::try_again, waiting,
                        [](gpointer data) { delete static_cast<Waiting *>(data); });
  g_source_attach(source, MainContextPtr(g_main_context_ref_thread_default()).get());
  g_source_unref(source);
}

struct Worker::State {
  struct Item {
    std::function<void()> work, done;
    MainContextPtr context;
  };
  std::mutex mutex;  // guards the fields below
  std::deque<Item> items;
  bool running = false;

  // Returns false if no work is left; the thread then ends.
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

size_t Worker::waiting() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->items.size();
}

void Worker::run(std::function<void()> work, std::function<void()> done) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->items.push_back(
      {std::move(work), std::move(done), MainContextPtr(g_main_context_ref_thread_default())});
  if (std::exchange(state_->running, true))
    return;
  run_detached([state = state_] {
    for (State::Item item; state->next(&item);) {
      item.work();
      item.work = nullptr;
      if (item.done)
        post(item.context.get(), std::move(item.done));
    }
  });
}

}  // namespace rtms

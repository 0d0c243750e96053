#include "loopthread.h"

namespace rtms {

LoopThread::LoopThread(const char *name)
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_.get(), FALSE)) {
  thread_ = g_thread_new(name, run, this);
}

LoopThread::~LoopThread() {
  g_assert(!is_current());
  // By a source: a quit that came before the loop runs would be lost.
  post([this] { g_main_loop_quit(loop_.get()); });
  g_thread_join(thread_);
}

gpointer LoopThread::run(gpointer data) {
  auto self = static_cast<LoopThread *>(data);
  g_main_context_push_thread_default(self->context_.get());
  g_main_loop_run(self->loop_.get());
  g_main_context_pop_thread_default(self->context_.get());
  return nullptr;
}

void LoopThread::post(std::function<void()> fn) {
  using Fn = std::function<void()>;
  GSource *source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(
      source,
      [](gpointer data) -> gboolean {
        (*static_cast<Fn *>(data))();
        return G_SOURCE_REMOVE;
      },
      new Fn(std::move(fn)), [](gpointer data) { delete static_cast<Fn *>(data); });
  g_source_attach(source, context_.get());
  g_source_unref(source);
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners of GLib's references and sources.
#pragma once

#include <gio/gio.h>

#include <functional>
#include <memory>
#include <utility>

namespace rtmstest {

template <auto Function>
struct Free {
  template <class T>
  void operator()(T *pointer) const {
    Function(pointer);
  }
};
template <class T, auto Function>
using Ptr = std::unique_ptr<T, Free<Function>>;

template <class T>
using ObjectPtr = Ptr<T, g_object_unref>;
template <class T>
ObjectPtr<T> share(T *object) {
  return ObjectPtr<T>(static_cast<T *>(g_object_ref(object)));
}
using CharPtr = Ptr<char, g_free>;
using BytesPtr = Ptr<GBytes, g_bytes_unref>;
using ErrorPtr = Ptr<GError, g_error_free>;
using ContextPtr = Ptr<GMainContext, g_main_context_unref>;
using SourcePtr = Ptr<GSource, g_source_unref>;

// A callback waiting in the thread's main context. Belongs to that thread.
class Event {
 public:
  using Function = std::function<bool()>;  // true: call again
  Event() = default;
  ~Event() { stop(); }
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;

  void after_ms(int64_t ms, Function function, int priority = G_PRIORITY_DEFAULT) {
    attach(g_timeout_source_new(static_cast<guint>(ms > 0 ? ms : 0)), std::move(function), priority,
           run);
  }
  void idle(Function function, int priority) {
    attach(g_idle_source_new(), std::move(function), priority, run);
  }
  void writable(GPollableOutputStream *stream, Function function, int priority) {
    // A pollable source's callback has its own signature.
    auto callback = reinterpret_cast<GSourceFunc>(reinterpret_cast<void (*)()>(run_pollable));
    attach(g_pollable_output_stream_create_source(stream, nullptr), std::move(function), priority,
           callback);
  }
  bool pending() const { return source_ && !g_source_is_destroyed(source_.get()); }
  void stop() {
    if (source_)
      g_source_destroy(source_.get());
    source_.reset();
  }

 private:
  static gboolean run(gpointer data) { return (*static_cast<Function *>(data))(); }
  static gboolean run_pollable(GObject *, gpointer data) { return run(data); }

  // GLib keeps the function until a running call has returned, so it may stop its own event.
  void attach(GSource *source, Function function, int priority, GSourceFunc callback) {
    stop();
    source_.reset(source);
    g_source_set_priority(source, priority);
    g_source_set_callback(source, callback, new Function(std::move(function)),
                          [](gpointer data) { delete static_cast<Function *>(data); });
    g_source_attach(source, g_main_context_get_thread_default());
  }

  SourcePtr source_;
};

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
// A one-shot timer on the thread's default main context.
#pragma once

#include "glibptr.h"

#include <functional>

namespace rtms {

class Timer {
 public:
  // Calls fn once after the delay; a timer that runs already is set anew. fn may destroy the timer.
  void start(unsigned delay_ms, std::function<void()> fn) {
    fn_ = std::move(fn);
    source_.reset(g_timeout_source_new(delay_ms));
    g_source_set_callback(source_.get(), fire, this, nullptr);
    g_source_attach(source_.get(), g_main_context_get_thread_default());
  }
  bool running() const { return source_ != nullptr; }
  void stop() {
    source_.reset();
    fn_ = nullptr;
  }

 private:
  static gboolean fire(gpointer data) {
    auto self = static_cast<Timer *>(data);
    auto fn = std::move(self->fn_);
    self->stop();
    fn();
    return G_SOURCE_REMOVE;
  }

  AttachedSource source_;
  std::function<void()> fn_;
};

}  // namespace rtms

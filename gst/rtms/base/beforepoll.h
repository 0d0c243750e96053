// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls a function each time the thread's main context is about to wait: what was collected while
// sources were dispatched goes out at once, and once.
#pragma once

#include "glibptr.h"

#include <functional>

namespace rtms {

class BeforePoll {
 public:
  explicit BeforePoll(std::function<void()> fn) : fn_(std::move(fn)) {
    static GSourceFuncs functions = {prepare, nullptr, nullptr, nullptr, nullptr, nullptr};
    source_.reset(g_source_new(&functions, sizeof(Source)));
    reinterpret_cast<Source *>(source_.get())->self = this;
    // Those of lower priority are not asked when one of higher priority is ready.
    g_source_set_priority(source_.get(), G_PRIORITY_HIGH);
    g_source_attach(source_.get(), g_main_context_get_thread_default());
  }
  BeforePoll(const BeforePoll &) = delete;
  BeforePoll &operator=(const BeforePoll &) = delete;

 private:
  struct Source {
    GSource parent;
    BeforePoll *self;
  };

  static gboolean prepare(GSource *source, gint *timeout_ms) {
    *timeout_ms = -1;
    reinterpret_cast<Source *>(source)->self->fn_();
    return FALSE;
  }

  std::function<void()> fn_;
  AttachedSource source_;
};

}  // namespace rtms

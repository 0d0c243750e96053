// SPDX-License-Identifier: LGPL-2.1-or-later
// Objects shared by all users of a thread's default main context.
#pragma once

#include "glibptr.h"

#include <algorithm>
#include <vector>

namespace rtms {

// Owns a source on the main context that was the thread's default one at construction.
class ContextSource {
 public:
  // Type of the GSource that the GSourceFuncs receive.
  struct Source {
    GSource parent;
    ContextSource *self;
  };

  explicit ContextSource(GSourceFuncs *functions)
      : context_(g_main_context_ref_thread_default()),
        source_(g_source_new(functions, sizeof(Source))) {
    reinterpret_cast<Source *>(source_.get())->self = this;
  }
  virtual ~ContextSource() = default;
  ContextSource(const ContextSource &) = delete;
  ContextSource &operator=(const ContextSource &) = delete;

  GMainContext *context() const { return context_.get(); }

 protected:
  GSource *source() const { return source_.get(); }
  void attach() { g_source_attach(source_.get(), context_.get()); }
  template <typename T>
  static T *self(GSource *source) {
    return static_cast<T *>(reinterpret_cast<Source *>(source)->self);
  }

 private:
  const MainContextPtr context_;
  const AttachedSource source_;
};

// Returns the T, a ContextSource, of this thread's default main context. Its users own it.
template <typename T>
std::shared_ptr<T> of_context() {
  thread_local std::vector<std::weak_ptr<T>> all;
  all.erase(std::remove_if(all.begin(), all.end(), [](const auto &one) { return one.expired(); }),
            all.end());
  const MainContextPtr context(g_main_context_ref_thread_default());
  for (const auto &one : all)
    if (auto found = one.lock(); found && found->context() == context.get())
      return found;
  auto made = std::make_shared<T>();
  all.push_back(made);
  return made;
}

}  // namespace rtms

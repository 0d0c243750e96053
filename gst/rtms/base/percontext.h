// SPDX-License-Identifier: LGPL-2.1-or-later
// What all users on a thread's default main context share.
#pragma once

#include "glibptr.h"

#include <algorithm>
#include <vector>

namespace rtms {

// The context that was the thread's default one when this was made, and a source on it.
class ContextSource {
 public:
  // The functions get a Source.
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

// The T, a ContextSource, of this thread's default main context: it ends with its last user.
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

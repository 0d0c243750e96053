// SPDX-License-Identifier: LGPL-2.1-or-later
#include "beforepoll.h"

#include "percontext.h"

#include <utility>

namespace rtms {

// One source per context; it knows the objects that requested a call.
class BeforePollQueue final : public ContextSource,
                              public std::enable_shared_from_this<BeforePollQueue> {
 public:
  BeforePollQueue() : ContextSource(&kFunctions) {
    // GLib prepares no source of lower priority once one of higher priority is ready.
    g_source_set_priority(source(), G_PRIORITY_HIGH);
    attach();
  }

  void add(BeforePoll *one) { asked_.push_back(one); }
  void remove(BeforePoll *one) {
    asked_.erase(std::remove(asked_.begin(), asked_.end(), one), asked_.end());
  }

 private:
  static gboolean prepare(GSource *source, gint *timeout_ms) {
    *timeout_ms = -1;
    self<BeforePollQueue>(source)->call();
    return FALSE;
  }

  void call() {
    const auto alive = asked_.empty() ? nullptr : shared_from_this();
    while (!asked_.empty()) {
      BeforePoll *one = asked_.back();
      asked_.pop_back();
      one->asked_ = false;
      one->fn_();
    }
  }

  static GSourceFuncs kFunctions;

  std::vector<BeforePoll *> asked_;
};

GSourceFuncs BeforePollQueue::kFunctions = {prepare, nullptr, nullptr, nullptr, nullptr, nullptr};

BeforePoll::BeforePoll(std::function<void()> fn)
    : fn_(std::move(fn)), queue_(of_context<BeforePollQueue>()) {}

BeforePoll::~BeforePoll() {
  if (asked_)
    queue_->remove(this);
}

void BeforePoll::ask() {
  if (!std::exchange(asked_, true))
    queue_->add(this);
}

}  // namespace rtms

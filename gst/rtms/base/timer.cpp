// SPDX-License-Identifier: LGPL-2.1-or-later
#include "timer.h"

#include "percontext.h"

#include <map>
#include <utility>

namespace rtms {

// The timers of a context, the next one first. One source: the loop computes one timeout,
// however many timers run.
class TimerQueue final : public ContextSource, public std::enable_shared_from_this<TimerQueue> {
 public:
  TimerQueue() : ContextSource(&kFunctions) {
    // A callback may run the loop; all other timers must work in it.
    g_source_set_can_recurse(source(), TRUE);
    attach();
  }

  void add(Timer *timer, int64_t due_us) {
    timer->due_us_ = due_us;
    timer->number_ = ++last_;
    timers_[{due_us, timer->number_}] = timer;
  }
  void remove(const Timer *timer) { timers_.erase({timer->due_us_, timer->number_}); }
  std::optional<int64_t> next_us() const {
    return timers_.empty() ? std::nullopt : std::optional<int64_t>(timers_.begin()->first.first);
  }

 private:
  static gboolean prepare(GSource *source, gint *timeout_ms) {
    const auto next_us = self<TimerQueue>(source)->next_us();
    *timeout_ms = -1;
    if (!next_us)
      return FALSE;
    const int64_t wait_us = *next_us - g_get_monotonic_time();
    // Rounds up: a timer must not fire early.
    *timeout_ms = static_cast<gint>(std::clamp<int64_t>((wait_us + 999) / 1000, 0, G_MAXINT));
    return wait_us <= 0;
  }

  static gboolean check(GSource *source) {
    const auto next_us = self<TimerQueue>(source)->next_us();
    return next_us && *next_us <= g_get_monotonic_time();
  }

  static gboolean dispatch(GSource *source, GSourceFunc, gpointer) {
    const auto queue = self<TimerQueue>(source)->shared_from_this();
    queue->fire(g_get_monotonic_time());
    return G_SOURCE_CONTINUE;
  }

  // A timer that a callback starts fires in a later iteration, even without a delay.
  void fire(int64_t now_us) {
    const uint64_t last = last_;
    while (!timers_.empty()) {
      const auto &[key, timer] = *timers_.begin();
      if (key.first > now_us || key.second > last)
        return;
      timer->fire();
    }
  }

  static GSourceFuncs kFunctions;

  std::map<std::pair<int64_t, uint64_t>, Timer *> timers_;
  uint64_t last_ = 0;
};

GSourceFuncs TimerQueue::kFunctions = {prepare, check, dispatch, nullptr, nullptr, nullptr};

Timer::Timer() = default;

Timer::~Timer() {
  stop();
}

void Timer::start(unsigned delay_ms, std::function<void()> fn) {
  stop();
  fn_ = std::move(fn);
  queue_ = of_context<TimerQueue>();
  queue_->add(this, g_get_monotonic_time() + int64_t{delay_ms} * 1000);
}

void Timer::stop() {
  if (queue_)
    queue_->remove(this);
  queue_.reset();
  fn_ = nullptr;
}

void Timer::fire() {
  const auto fn = std::move(fn_);
  stop();
  fn();
}

std::optional<int64_t> Timer::next_us() {
  return of_context<TimerQueue>()->next_us();
}

}  // namespace rtms

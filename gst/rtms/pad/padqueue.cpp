// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padqueue.h"

#include <algorithm>
#include <utility>

namespace rtms {

void PadQueue::start() {
  std::lock_guard<std::mutex> lock(mutex_);
  flushing_ = false;
}

Queue::Result PadQueue::push(BufferPtr buffer) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (flushing_ || eos_)
    return {};
  return queue_.push(std::move(buffer));
}

void PadQueue::push(EventPtr event) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (flushing_ || eos_)
      return;
    eos_ = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
    queue_.push(std::move(event));
  }
  changed_.notify_one();
}

void PadQueue::expect_caps() {
  std::lock_guard<std::mutex> lock(mutex_);
  caps_due_ = true;
  changed_.notify_one();
}

void PadQueue::interrupt() {
  std::lock_guard<std::mutex> lock(mutex_);
  queue_.interrupt();
}

void PadQueue::lost() {
  std::lock_guard<std::mutex> lock(mutex_);
  queue_.lost();
}

bool PadQueue::interrupt_if_empty() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!queue_.empty())
    return false;
  queue_.interrupt();
  return true;
}

bool PadQueue::is_empty() {
  std::lock_guard<std::mutex> lock(mutex_);
  return queue_.empty();
}

uint64_t PadQueue::bytes() {
  std::lock_guard<std::mutex> lock(mutex_);
  return queue_.bytes();
}

uint64_t PadQueue::time_ns() {
  std::lock_guard<std::mutex> lock(mutex_);
  return queue_.time_ns();
}

bool PadQueue::half_full() {
  std::lock_guard<std::mutex> lock(mutex_);
  return queue_.half_full();
}

// With the mutex held: the item taken last has been pushed. Only a stopping thread waits for that.
void PadQueue::pushed() {
  pushing_ = false;
  if (flushing_)
    changed_.notify_all();
}

PadQueue::Next PadQueue::next(BufferPtr *buffer, EventPtr *event) {
  std::lock_guard<std::mutex> lock(mutex_);
  return take(buffer, event);
}

PadQueue::Next PadQueue::next(BufferPtr *buffer, EventPtr *event,
                              std::chrono::milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  pushed();
  bool woken = has_next();
  if (!woken && busy_ && batch_.count() > 0) {
    stopping_.wait_for(lock, batch_, [this] { return flushing_ || over_; });
    patience = std::max(patience - batch_, std::chrono::milliseconds(0));
    woken = has_next();
  }
  busy_ = woken;
  if (!woken)  // reads the clock only if needed
    busy_ = woken = changed_.wait_for(lock, patience, [this] { return has_next(); });
  return take(buffer, event);
}

// With the mutex held.
PadQueue::Next PadQueue::take(BufferPtr *buffer, EventPtr *event) {
  pushed();
  if (flushing_ || over_)
    return Next::Stop;
  pushing_ = true;
  pushes_++;
  if (std::exchange(caps_due_, false))
    return Next::Caps;
  if (queue_.empty())
    return Next::Nothing;
  queue_.pop(buffer, event);
  return Next::Item;
}

void PadQueue::finished(bool eos) {
  std::lock_guard<std::mutex> lock(mutex_);
  over_ |= eos;
  pushed();
}

bool PadQueue::begin_stop() {
  std::lock_guard<std::mutex> lock(mutex_);
  const bool first = !flushing_;
  flushing_ = true;
  caps_due_ = false;
  queue_.clear();
  changed_.notify_all();
  stopping_.notify_all();
  return first;
}

bool PadQueue::is_stopping() {
  std::lock_guard<std::mutex> lock(mutex_);
  return flushing_;
}

bool PadQueue::has_stopped(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return !pushing_; });
}

uint64_t PadQueue::push_in_progress() {
  std::lock_guard<std::mutex> lock(mutex_);
  return pushing_ ? pushes_ : 0;
}

bool PadQueue::has_eos() {
  std::lock_guard<std::mutex> lock(mutex_);
  return eos_;
}

bool PadQueue::is_over() {
  std::lock_guard<std::mutex> lock(mutex_);
  return over_;
}

}  // namespace rtms

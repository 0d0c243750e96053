// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padthread.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace rtms {

struct PadThread::State {
  struct Member {
    GstPad *pad;
    std::shared_ptr<const Turn> turn;
  };

  explicit State(std::chrono::milliseconds its_pause) : pause(its_pause) {}

  void run();
  bool take_turn(size_t index, bool *more);

  const std::chrono::milliseconds pause;
  std::mutex mutex;  // guards the fields below
  std::condition_variable changed;
  std::vector<Member> members;
  GstPad *at_work = nullptr;  // the pad whose turn it is
  GThread *thread = nullptr;
  bool over = false;
};

PadThread::PadThread(std::string name, std::chrono::milliseconds pause)
    : name_(std::move(name)), state_(std::make_shared<State>(pause)) {}

PadThread::~PadThread() {
  GThread *thread = nullptr;
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->over = true;
    thread = state_->thread;
  }
  state_->changed.notify_all();
  if (thread == g_thread_self())
    g_thread_unref(thread);
  else if (thread)
    g_thread_join(thread);
}

bool PadThread::add(GstPad *pad, Turn turn) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  auto &members = state_->members;
  const auto is_it = [pad](const State::Member &member) { return member.pad == pad; };
  if (std::none_of(members.begin(), members.end(), is_it))
    members.push_back({pad, std::make_shared<const Turn>(std::move(turn))});
  if (!state_->thread)
    state_->thread =
        g_thread_try_new(name_.c_str(), run, new std::shared_ptr<State>(state_), nullptr);
  return state_->thread != nullptr;
}

void PadThread::remove(GstPad *pad) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  auto &members = state_->members;
  const auto is_it = [pad](const State::Member &member) { return member.pad == pad; };
  members.erase(std::remove_if(members.begin(), members.end(), is_it), members.end());
  if (state_->thread != g_thread_self())
    state_->changed.wait(lock, [this, pad] { return state_->at_work != pad; });
}

gpointer PadThread::run(gpointer data) {
  const std::unique_ptr<std::shared_ptr<State>> state(static_cast<std::shared_ptr<State> *>(data));
  (*state)->run();
  return nullptr;
}

void PadThread::State::run() {
  std::unique_lock<std::mutex> lock(mutex);
  while (!over) {
    lock.unlock();
    bool more = false;
    for (size_t index = 0; take_turn(index, &more); index++)
      continue;
    lock.lock();
    if (!more)
      changed.wait_for(lock, pause, [this] { return over; });
  }
}

// Returns false after the last pad.
bool PadThread::State::take_turn(size_t index, bool *more) {
  std::unique_lock<std::mutex> lock(mutex);
  if (over || index >= members.size())
    return false;
  const Member member = members[index];
  at_work = member.pad;
  gst_object_ref(member.pad);
  lock.unlock();
  GST_PAD_STREAM_LOCK(member.pad);
  const After after = (*member.turn)();
  GST_PAD_STREAM_UNLOCK(member.pad);
  lock.lock();
  const auto is_it = [&](const Member &other) { return other.turn == member.turn; };
  *more |= after == After::More;
  if (after == After::End)
    members.erase(std::remove_if(members.begin(), members.end(), is_it), members.end());
  at_work = nullptr;
  lock.unlock();
  changed.notify_all();
  gst_object_unref(member.pad);
  return true;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linewriter.h"

#include "base/worker.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr size_t kMostBytes = 1 << 20;

// Returns what was not written.
std::string write_all(int fd, const std::string &text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = write(fd, text.data() + done, text.size() - done);
    if (size >= 0)
      done += static_cast<size_t>(size);
    else if (errno != EINTR)
      return text.substr(done);
  }
  return "";
}

}  // namespace

struct LineWriter::State {
  // A text, or the path of the next file. `lost`: of how many lost lines the text tells.
  struct Item {
    std::string text, path;
    uint64_t lost = 0;
  };
  explicit State(int descriptor, Gap line) : fd(descriptor), gap(std::move(line)) {}
  ~State() {
    if (fd > STDERR_FILENO)
      close(fd);
  }

  // Call these with the mutex held.
  void tell_gap() {
    if (untold == 0)
      return;
    const uint64_t lost = std::exchange(untold, 0);
    std::string text = gap(lost);
    bytes += text.size();
    items.push_back({std::move(text), "", lost});
  }
  void lose() {
    dropped++;
    untold++;
  }

  // Used by the thread only.
  int fd;
  bool torn = false;  // a part of a line is the last in the file
  std::string next;   // the path of a file that could not be opened yet
  const Gap gap;
  std::mutex mutex;  // guards the fields below
  std::condition_variable changed;
  std::deque<Item> items;
  size_t bytes = 0;
  uint64_t dropped = 0, untold = 0;
  bool writing = false, ended = false;
};

LineWriter::LineWriter(int fd, Gap gap) : state_(std::make_shared<State>(fd, std::move(gap))) {
  run_detached([state = state_] { run(state); });
}

LineWriter::~LineWriter() {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->ended = true;
  state_->changed.notify_all();
}

bool LineWriter::write(std::string text) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->bytes + text.size() > kMostBytes) {
    state_->lose();
    return false;
  }
  state_->tell_gap();
  state_->bytes += text.size();
  state_->items.push_back({std::move(text), ""});
  state_->changed.notify_all();
  return true;
}

void LineWriter::reopen(std::string path) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->items.push_back({"", std::move(path)});
  state_->changed.notify_all();
}

bool LineWriter::waiting() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->writing || !state_->items.empty();
}

uint64_t LineWriter::dropped() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->dropped;
}

void LineWriter::flush(unsigned timeout_ms) const {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [&] { return !state_->writing && state_->items.empty(); });
}

void LineWriter::run(const std::shared_ptr<State> &state) {
  std::unique_lock<std::mutex> lock(state->mutex);
  while (true) {
    state->changed.wait(lock, [&] { return state->ended || !state->items.empty(); });
    if (state->items.empty())
      return;
    const State::Item item = std::move(state->items.front());
    state->items.pop_front();
    state->writing = true;
    lock.unlock();
    std::string left;
    if (!item.path.empty())
      state->next = item.path;
    // What cannot be opened now, for want of descriptors, is tried with each line.
    const int other = state->next.empty() ? -1
                                          : open(state->next.c_str(),
                                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (other >= 0) {
      close(state->fd);
      state->fd = other;
      state->torn = false;
      state->next.clear();
    }
    if (item.path.empty()) {
      const std::string text = (state->torn ? "\n" : "") + item.text;
      left = write_all(state->fd, text);
      if (left.size() < text.size())
        state->torn = !left.empty();
    }
    lock.lock();
    state->writing = false;
    state->bytes -= item.text.size();
    if (!left.empty() && item.lost)
      state->untold += item.lost;
    else if (!left.empty())
      state->lose();
    else if (state->items.empty())
      state->tell_gap();
    state->changed.notify_all();
  }
}

}  // namespace rtms::recorder

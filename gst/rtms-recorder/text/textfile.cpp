// SPDX-License-Identifier: LGPL-2.1-or-later
#include "textfile.h"

#include "common/sync.h"
#include "textbudget.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr size_t kMostPending = 16 << 20;

}  // namespace

struct TextFile::State {
  // With disk_mutex held. Returns 0, or errno.
  int write_pending(const std::string &path);
  int write(const std::string &path, std::string *text);

  std::mutex disk_mutex;  // held while the disk is used; guards the first three fields
  int file = -1;
  bool synced = true;
  Failed failed;     // null after the end
  std::mutex mutex;  // guards the fields below
  std::string pending;
  bool begun = false, queued = false, opened = false, failing = false;
  TextBudget budget;
  uint64_t left_out = 0;
};

int TextFile::State::write_pending(const std::string &path) {
  std::string text;
  {
    std::lock_guard<std::mutex> lock(mutex);
    text.swap(pending);
    queued = false;
  }
  const int failure = write(path, &text);
  std::lock_guard<std::mutex> lock(mutex);
  pending.insert(0, text);
  opened |= file >= 0;
  return std::exchange(failing, failure != 0) ? 0 : failure;
}

// Leaves what was not written.
int TextFile::State::write(const std::string &path, std::string *text) {
  if (file < 0)
    file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0)
    return errno;
  while (!text->empty()) {
    const ssize_t size = ::write(file, text->data(), text->size());
    if (size < 0 && errno != EINTR)
      return errno;
    synced = false;
    text->erase(0, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  }
  return 0;
}

TextFile::TextFile(std::string path, const std::string &head, Worker *worker, Failed failed)
    : path_(std::move(path)), worker_(worker), state_(std::make_shared<State>()) {
  state_->pending = head;
  state_->failed = std::move(failed);
}

TextFile::~TextFile() {
  close();
  std::lock_guard<std::mutex> lock(state_->disk_mutex);
  if (state_->file >= 0)
    ::close(state_->file);
}

int TextFile::close() {
  std::lock_guard<std::mutex> lock(state_->disk_mutex);
  state_->failed = nullptr;
  return has_begun() ? state_->write_pending(path_) : 0;
}

bool TextFile::has_begun() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->begun;
}

bool TextFile::exists() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->begun && (state_->opened || !state_->failing);
}

uint64_t TextFile::left_out() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->left_out;
}

bool TextFile::append(const std::string &text) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->begun = true;
  const bool fits = state_->pending.size() + text.size() <= kMostPending &&
                    state_->budget.take(text.size(), g_get_monotonic_time());
  if (fits)
    state_->pending += text;
  else
    state_->left_out++;
  if (std::exchange(state_->queued, true))
    return fits;
  worker_->run([state = state_, path = path_] {
    std::lock_guard<std::mutex> disk(state->disk_mutex);
    if (!state->failed)
      return;
    if (const int failure = state->write_pending(path))
      state->failed(path, failure);
  });
  return fits;
}

int TextFile::sync() {
  int copy = -1;
  {
    std::lock_guard<std::mutex> lock(state_->disk_mutex);
    if (std::exchange(state_->synced, true))
      return 0;
    copy = fcntl(state_->file, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)  // no descriptor is free
      return sync_fd(state_->file);
  }
  const int failure = sync_fd(copy);
  ::close(copy);
  return failure;
}

}  // namespace rtms::recorder

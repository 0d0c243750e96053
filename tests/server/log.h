// SPDX-License-Identifier: LGPL-2.1-or-later
// What happened on the server, readable from all threads.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>

#include "server.h"

namespace rtmstest {

class Log {
 public:
  explicit Log(bool verbose) : verbose_(verbose) {}

  struct State {
    std::vector<std::string> violations;
    std::vector<Received> received;
    std::vector<CloseRecord> closes;
    std::vector<std::string> webhooks;
    std::array<uint64_t, kMediaCount> sent{};
    uint64_t sent_keep_alives = 0;
    unsigned connections = 0, accepted = 0, requests = 0;
    bool finished = false;
  };

  // Every change wakes those who wait.
  template <class Change>
  void change(Change change) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      change(state_);
      changes_++;
    }
    changed_.notify_all();
  }
  template <class Read>
  auto read(Read read) const {
    std::lock_guard<std::mutex> lock(mutex_);
    return read(state_);
  }

  void refusal(int status, const std::string &socket, const std::string &why);
  void violation(const std::string &socket, const std::string &what);
  void kicked(const std::string &socket);
  void note(const std::string &text) const;  // for humans

  // The predicate runs without the lock, so it may read.
  bool wait_for(const std::function<bool()> &predicate, int timeout_ms);

 private:
  void record(std::string text);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_;
  uint64_t changes_ = 0;
  const bool verbose_;
};

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log.h"

#include <chrono>
#include <cstdio>

#include "rules.h"

namespace rtmstest {

void Log::refusal(int status, const std::string &socket, const std::string &why) {
  record(std::to_string(status) + " " + status_name(status) + ": " + socket + ": " + why);
}

void Log::violation(const std::string &socket, const std::string &what) {
  record("violation: " + socket + ": " + what);
}

void Log::kicked(const std::string &socket) {
  record("kicked: " + socket + ": a newer signaling connection for the stream");
}

void Log::note(const std::string &text) const {
  if (verbose_)
    std::fprintf(stderr, "%s\n", text.c_str());
}

void Log::record(std::string text) {
  note(text);
  change([&text](State &state) { state.violations.push_back(std::move(text)); });
}

bool Log::wait_for(const std::function<bool()> &predicate, int timeout_ms) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    uint64_t seen = 0;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      seen = changes_;
    }
    if (predicate())
      return true;
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [this, seen] { return changes_ != seen; }))
      return false;
  }
}

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
// Stores the signed requests that were acted on, across restarts, so that a copy of a request has
// no effect after a restart. No method blocks on the disk.
#pragma once

#include "base/worker.h"
#include "common/log.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace rtms::recorder {

class SeenRequests {
 public:
  // Uses files in `folder`.
  SeenRequests(std::string folder, Log *log);

  // Reads the requests of earlier recorders. Must be called before the first add().
  void load(std::function<void()> done);
  // Returns false, and tells it, if an earlier recorder has seen the request. `request` is
  // Webhook::request.
  bool add(const std::string &request);
  bool busy() const { return *pending_ > 0; }

 private:
  using Requests = std::set<std::string>;
  static Requests read(const std::string &folder, int64_t now_s);

  const std::string folder_;
  Log *const log_;
  Worker worker_;
  const std::shared_ptr<unsigned> pending_ = std::make_shared<unsigned>(0);
  Requests earlier_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Signed requests that were acted on, beyond the end of the recorder: whoever has read one on its
// way could have it acted on again after a restart. Nothing here waits for the disk.
#pragma once

#include "base/worker.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace rtms::recorder {

class SeenRequests {
 public:
  using Problem = std::function<void(const std::string &text)>;

  // In files of `folder`. `problem` is called when a request cannot be remembered.
  SeenRequests(std::string folder, Problem problem);

  // Whether a file of this name is one of these.
  static bool is_file(const std::string &name);

  // Reads what earlier recorders have seen; before the first add().
  void load(std::function<void()> done);
  // False: an earlier recorder has seen it. `request` is Webhook::request.
  bool add(const std::string &request);
  bool busy() const { return *pending_ > 0; }

 private:
  using Requests = std::set<std::string>;
  static Requests read(const std::string &folder, int64_t now_s);

  const std::string folder_;
  const Problem problem_;
  Worker worker_;
  const std::shared_ptr<unsigned> pending_ = std::make_shared<unsigned>(0);
  Requests earlier_;
};

}  // namespace rtms::recorder

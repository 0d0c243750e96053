// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds out whether all servers refuse connections. No answer is not a refusal. Used on the main
// thread.
#pragma once

#include "base/glibptr.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

class ServerProbe {
 public:
  ServerProbe() = default;
  ~ServerProbe() { g_cancellable_cancel(cancel_.get()); }
  ServerProbe(const ServerProbe &) = delete;
  ServerProbe &operator=(const ServerProbe &) = delete;

  // Connects to all addresses of all URLs. A pending probe is cancelled: not all refuse.
  void start(const std::vector<std::string> &urls, std::function<void(bool all_refuse)> done);

 private:
  struct Round;
  ObjectPtr<GCancellable> cancel_{g_cancellable_new()};
  std::shared_ptr<Round> round_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether nobody listens at any of some addresses: their machines must say so. On the main thread.
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

  // Asks all addresses of all URLs. `done` learns whether each refused a connection; a probe that
  // is still under way is given up.
  void start(const std::vector<std::string> &urls, std::function<void(bool all_refuse)> done);

 private:
  struct Round;
  ObjectPtr<GCancellable> cancel_{g_cancellable_new()};
};

}  // namespace rtms::recorder

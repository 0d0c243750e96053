// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gst.h"

#include <functional>
#include <memory>

namespace rtms::recorder {

// A member by which an object of the main thread is called from any thread: runs functions on the
// main thread, if the object still lives then.
class Later {
 public:
  void operator()(std::function<void()> fn) const {
    post([alive = std::weak_ptr<bool>(alive_), fn = std::move(fn)] {
      if (!alive.expired())
        fn();
    });
  }

 private:
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace rtms::recorder

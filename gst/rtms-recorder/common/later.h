// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gst.h"

#include <functional>
#include <memory>

namespace rtms::recorder {

// A member through which any thread calls an object of the main thread: runs functions on the main
// thread if the object still exists then.
class Later {
 public:
  void operator()(std::function<void()> fn) const { weak()(std::move(fn)); }
  // The same for threads that may outlive the object.
  std::function<void(std::function<void()>)> weak() const {
    return [alive = std::weak_ptr<bool>(alive_)](std::function<void()> fn) {
      post([alive, fn = std::move(fn)] {
        if (!alive.expired())
          fn();
      });
    };
  }

 private:
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace rtms::recorder

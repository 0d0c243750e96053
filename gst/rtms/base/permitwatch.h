// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks whether a permit is over: it may be given anew at any time, and the process may sleep.
#pragma once

#include "permit.h"
#include "timer.h"

#include <functional>
#include <memory>

namespace rtms {

class PermitWatch {
 public:
  // `over` is called once. Without a permit nothing happens.
  void start(std::shared_ptr<const Permit> permit, std::function<void()> over) {
    permit_ = std::move(permit);
    over_ = std::move(over);
    look();
  }
  void stop() { timer_.stop(); }

 private:
  static constexpr unsigned kRound_ms = 100;

  void look() {
    if (!permit_)
      return;
    if (permit_->is_over())
      over_();
    else
      timer_.start(kRound_ms, [this] { look(); });
  }

  std::shared_ptr<const Permit> permit_;
  std::function<void()> over_;
  Timer timer_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Polls whether a permit is over: the permit may be renewed, and the process may sleep.
#pragma once

#include "permit.h"
#include "timer.h"

#include <functional>
#include <memory>

namespace rtms {

class PermitWatch {
 public:
  // Calls `over` when the permit is over. Does nothing without a permit.
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets each transcript text through once: when it is final, or when nothing better is to come.
#pragma once

#include "base/timer.h"
#include "interim.h"

#include <functional>

namespace rtms {

class TextGate {
 public:
  explicit TextGate(std::function<void(const MediaData &)> show) : show_(std::move(show)) {}

  void accept(const MediaData &data);
  // Shows all that waits.
  void open() { show(texts_.all()); }
  // What waits is given up.
  void forget();

 private:
  void show(const InterimTexts::Texts &texts);
  void watch();

  const std::function<void(const MediaData &)> show_;
  InterimTexts texts_;
  Timer timer_;
};

}  // namespace rtms

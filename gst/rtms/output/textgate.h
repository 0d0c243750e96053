// SPDX-License-Identifier: LGPL-2.1-or-later
// Shows each transcript text once: when it is final, or when no final one will follow.
#pragma once

#include "base/timer.h"
#include "interim.h"

#include <functional>

namespace rtms {

class TextGate {
 public:
  explicit TextGate(std::function<void(const MediaData &)> show) : show_(std::move(show)) {}

  void accept(const MediaData &data);
  // Shows all waiting texts.
  void open() { show(texts_.all()); }
  // Drops all waiting texts.
  void forget();

 private:
  void show(const InterimTexts::Texts &texts);
  void watch();

  const std::function<void(const MediaData &)> show_;
  InterimTexts texts_;
  Timer timer_;
};

}  // namespace rtms

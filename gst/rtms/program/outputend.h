// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends a mixer's output at a time: a mixer that never stops has no end of its own.
#pragma once

#include "elements.h"

#include <atomic>

namespace rtms::program {

class OutputEnd {
 public:
  // On the mixer's source pad, whose running time is its timestamps.
  explicit OutputEnd(GstPad *pad);
  ~OutputEnd();
  OutputEnd(const OutputEnd &) = delete;
  OutputEnd &operator=(const OutputEnd &) = delete;

  // EOS follows the last buffer that begins before.
  void end_at(GstClockTime time) { end_ = time; }
  void reset() { end_ = GST_CLOCK_TIME_NONE; }

 private:
  static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer self);

  const PadPtr pad_;
  gulong probe_ = 0;
  std::atomic<GstClockTime> end_{GST_CLOCK_TIME_NONE};
};

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
// When a video pad shows black in place of a picture that is missing.
#pragma once

#include "media/gstptr.h"

#include <atomic>

namespace rtms {

// The streaming task's own, but for what says otherwise. All times are running times.
class PadFill {
 public:
  // Any thread: the camera is off, or the share is over, until the next frame.
  void turn_off() { off_ = true; }
  // A frame is pushed that ends there.
  void shown_until(GstClockTime end);
  // Whether `until` is so far behind the last frame that black is due. Before the first frame it
  // always is.
  bool is_due(GstClockTime until) const;
  // Whether the last picture that was pushed is black.
  bool is_filling() const { return filling_; }
  void filled() { filling_ = true; }

 private:
  std::atomic<bool> off_{false};
  GstClockTime shown_ = GST_CLOCK_TIME_NONE;  // the end of the last frame
  bool filling_ = false;
};

}  // namespace rtms

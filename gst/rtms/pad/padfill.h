// SPDX-License-Identifier: LGPL-2.1-or-later
// When a video pad shows black in place of a picture that is missing.
#pragma once

#include "media/blackframe.h"

#include <atomic>
#include <mutex>

namespace rtms {

// The streaming task's own, but for what says otherwise. All times are running times.
class PadFill {
 public:
  // Any thread: the camera is off, or the share is over, until the next frame.
  void turn_off() { off_ = true; }
  // Any thread: what black frames look like; none of a size that is 0.
  void set_size(const PictureSize &size);
  // A frame is pushed that ends there.
  void shown_until(GstClockTime end);
  // Whether `until` is so far behind the last frame that black is due. Before the first frame it
  // always is.
  bool is_due(GstClockTime until) const;
  // The next black frame. Null where there is none of the size.
  BufferPtr next_frame();
  // It is pushed.
  void filled() { filling_ = true; }

 private:
  std::atomic<bool> off_{false};
  std::mutex mutex_;
  PictureSize size_;  // guarded by the mutex
  BlackFrames frames_;
  GstClockTime shown_ = GST_CLOCK_TIME_NONE;  // the end of the last frame
  bool filling_ = false;                      // the last picture that was pushed is black
};

}  // namespace rtms

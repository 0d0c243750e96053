// SPDX-License-Identifier: LGPL-2.1-or-later
// When a video pad sends black frames for missing video frames.
#pragma once

#include "media/blackframe.h"

#include <atomic>
#include <mutex>
#include <optional>

namespace rtms {

// Used on the streaming task, except where noted. All times are running times.
class PadFill {
 public:
  // `still`: pauses between frames mean that the picture does not change.
  explicit PadFill(bool still) : still_(still) {}

  // Any thread: the camera is off, or the share is over; and on again.
  void turn(bool on) { off_ = !on; }
  // Any thread: the format of black frames; a size of 0 disables them.
  void set_size(const PictureSize &size);
  // A video frame with that end is pushed.
  void shown_until(GstClockTime end);
  // Whether the last frame remains the picture during the pause that follows it.
  bool is_still() const { return still_ && !off_ && GST_CLOCK_TIME_IS_VALID(shown_); }
  // Whether black is due: the last frame is no longer the picture at `until`, or there was none.
  bool is_due(GstClockTime until) const;
  // Whether there was a frame, which is no longer the picture at `until`.
  bool is_over(GstClockTime until) const {
    return GST_CLOCK_TIME_IS_VALID(shown_) && is_due(until);
  }
  // Whether there are black frames of the size.
  bool has_frames();
  // Returns the next black frame; null if there is none. Frames are numbered: push each. A new link
  // begins with a keyframe; `links` counts them.
  // `size`: of the frame that follows, where others are queued already.
  BufferPtr next_frame(unsigned links, std::optional<PictureSize> size = {});
  // The black frame is pushed to that link.
  void filled(unsigned links) {
    filling_ = true;
    links_ = links;
  }
  // Nothing had it.
  void lost() { links_.reset(); }

 private:
  const bool still_;
  std::atomic<bool> off_{false};
  std::mutex mutex_;
  PictureSize size_;  // guarded by the mutex
  BlackFrames frames_;
  GstClockTime shown_ = GST_CLOCK_TIME_NONE;  // end of the last video frame
  bool filling_ = false;                      // the last frame pushed was black
  std::optional<unsigned> links_;             // of the last black frame
};

}  // namespace rtms

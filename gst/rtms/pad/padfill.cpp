// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padfill.h"

namespace rtms {
namespace {

// Networks stall for less; until then the last video frame remains.
constexpr GstClockTime kStall = 3 * GST_SECOND;
// The end of a share names no share: frames of the next one may have arrived, two a second at
// least.
constexpr GstClockTime kNextShare = GST_SECOND;

}  // namespace

void PadFill::set_size(const PictureSize &size) {
  std::lock_guard<std::mutex> lock(mutex_);
  size_ = size;
  size_.colorimetry.clear();  // black looks the same in all
}

bool PadFill::has_frames() {
  std::lock_guard<std::mutex> lock(mutex_);
  return BlackFrames::can_have(size_);
}

BufferPtr PadFill::next_frame(unsigned links, std::optional<PictureSize> size) {
  if (!size) {
    std::lock_guard<std::mutex> lock(mutex_);
    size = size_;
  }
  const bool discont = links_ != links;
  if (!filling_ || discont)
    frames_.interrupt();
  BufferPtr frame = frames_.next(*size);
  if (frame)
    GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_GAP);
  if (frame && discont)
    GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_DISCONT);
  return frame;
}

void PadFill::shown_until(GstClockTime end) {
  shown_ = end;
  filling_ = false;
}

bool PadFill::is_due(GstClockTime until) const {
  if (!GST_CLOCK_TIME_IS_VALID(shown_))
    return true;
  return still_ ? off_ && until >= shown_ + kNextShare : off_ || until >= shown_ + kStall;
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// The transcript as a track of the container: a source for which the muxer never waits.
#pragma once

#include "common/gst.h"
#include "cues.h"
#include "muxing/latelines.h"

#include <deque>
#include <memory>

namespace rtms::recorder {

// Not for two threads at once.
class Subtitles {
 public:
  // How long the last lines are shown after the end of the media.
  static constexpr uint64_t kLastShown = 1500 * GST_MSECOND;

  // Returns the source, a bin with a pad `src`. Lines wait for it.
  ElementPtr make_source();

  // Returns the lines for MkvIndex to write into the muxer's file.
  std::shared_ptr<LateLines> late_lines() const { return late_; }

  // Puts a line into a reserved block. A longer one is shown from the current position on; the last
  // ones only shortly, because the meeting has ended.
  void push(const Line &line, bool is_last = false);
  // The meeting has reached `position`: the muxer need not wait for this track.
  void advance(uint64_t position);
  void finish();

 private:
  void reserve(std::size_t size, uint64_t start, uint64_t end);
  void send(BufferPtr buffer, uint64_t start, uint64_t end);

  const std::shared_ptr<LateLines> late_ = std::make_shared<LateLines>();
  ElementPtr source_;
  std::deque<Line> early_;  // of before there was a source
  uint64_t position_ = 0, reserve_at_ = 0;
  bool finished_ = false;
};

}  // namespace rtms::recorder

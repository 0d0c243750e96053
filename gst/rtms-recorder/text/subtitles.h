// SPDX-License-Identifier: LGPL-2.1-or-later
// The transcript as a track of the container: a source that is never behind.
#pragma once

#include "common/gst.h"
#include "cues.h"
#include "muxing/latelines.h"

#include <memory>

namespace rtms::recorder {

// One thread at a time.
class Subtitles {
 public:
  // The source: a bin with a pad `src`. Without it nothing is done.
  ElementPtr make_source();

  // What the muxer's file gets of the lines.
  std::shared_ptr<LateLines> late_lines() const { return late_; }

  // A line takes the place of a reserved block. One that is too long for that is shown from now on.
  void push(const Line &line);
  // So far the meeting has come: the muxer waits for this track no more than for the others.
  void advance(uint64_t position);
  void finish();

 private:
  void send(const std::string &text, uint64_t start, uint64_t end);
  void send(BufferPtr buffer, uint64_t start, uint64_t end);

  const std::shared_ptr<LateLines> late_ = std::make_shared<LateLines>();
  ElementPtr source_;
  uint64_t position_ = 0, reserve_at_ = 0;
};

}  // namespace rtms::recorder

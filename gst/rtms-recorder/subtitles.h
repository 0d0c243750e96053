// SPDX-License-Identifier: LGPL-2.1-or-later
// The transcript as a track of the container: a source that is never behind, nor ahead of what may
// still come.
#pragma once

#include "cues.h"
#include "gst.h"

namespace rtms::recorder {

// One thread at a time.
class Subtitles {
 public:
  // The source: a bin with a pad `src`. Without it nothing is done.
  ElementPtr make_source();

  // A line is shown at its time, or where that has passed, from now on: a block can be only so far
  // behind its cluster.
  void push(const Line &line);
  // No line that begins before will come.
  void advance(uint64_t position);
  void finish();

 private:
  void send(BufferPtr buffer, uint64_t start, uint64_t end);

  ElementPtr source_;
  uint64_t position_ = 0;  // nothing may start before
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Passes data into another pipeline, with running times as timestamps. Never blocks.
#pragma once

#include "common/gst.h"

namespace rtms::recorder {

class Entrance {
 public:
  // `caps` are the initial caps. `name` is part of the elements' names.
  Entrance(GstBin *pipeline, const std::string &name, GstCaps *caps);
  ~Entrance();
  Entrance(const Entrance &) = delete;
  Entrance &operator=(const Entrance &) = delete;

  // The pad to link.
  GstPad *exit() const { return exit_.get(); }
  void push(BufferPtr buffer);
  void set_caps(GstCaps *caps);
  // The mixer keeps the last frame where `flags` say that data are missing.
  void gap(GstClockTime start, GstClockTime duration, GstGapFlags flags = {});

 private:
  PadPtr source_, exit_;
};

}  // namespace rtms::recorder

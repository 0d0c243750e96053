// SPDX-License-Identifier: LGPL-2.1-or-later
// How data come into a pipeline from another one: they never wait, and have their running times.
#pragma once

#include "common/gst.h"

namespace rtms::recorder {

class Entrance {
 public:
  // Data have these caps first. `name` is part of the elements' names.
  Entrance(GstBin *pipeline, const std::string &name, GstCaps *caps);
  ~Entrance();
  Entrance(const Entrance &) = delete;
  Entrance &operator=(const Entrance &) = delete;

  // What is to be linked.
  GstPad *exit() const { return exit_.get(); }
  void push(BufferPtr buffer);
  void set_caps(GstCaps *caps);
  void gap(GstClockTime start, GstClockTime duration);

 private:
  PadPtr source_, exit_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// PROGRESS messages until the first connection is established.
#pragma once

#include <gst/gst.h>

#include <string>

namespace rtms {

// Posts one start, steps, and one end; nothing after the end. Not for two threads at once.
class Progress {
 public:
  explicit Progress(GstElement *element) : element_(element) {}

  // Posts the start, or a step after it.
  void step(const std::string &text);
  void complete(const std::string &text) { end(GST_PROGRESS_TYPE_COMPLETE, text); }
  void fail(const std::string &text) { end(GST_PROGRESS_TYPE_ERROR, text); }
  void cancel(const std::string &text) { end(GST_PROGRESS_TYPE_CANCELED, text); }

 private:
  enum class State { Idle, Begun, Ended };

  void end(GstProgressType type, const std::string &text);
  void post(GstProgressType type, const std::string &text);

  GstElement *element_;
  State state_ = State::Idle;
};

}  // namespace rtms

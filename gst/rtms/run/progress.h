// SPDX-License-Identifier: LGPL-2.1-or-later
// The PROGRESS messages about the way to the first connection.
#pragma once

#include <gst/gst.h>

#include <string>

namespace rtms {

// One start, one end, and what happens in between: after the end nothing is posted any more. Not
// from two threads at once.
class Progress {
 public:
  explicit Progress(GstElement *element) : element_(element) {}

  // The start, or a step on the way where there was one.
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// Receives the media of a meeting, besides its recording.
#pragma once

#include "common/gst.h"
#include "scene/scene.h"
#include "text/spoken.h"

namespace rtms::recorder {

// All methods are called on threads of rtmssrc, and must not block.
struct IntakeTap {
  virtual ~IntakeTap() = default;
  // A buffer or an event of the pad `video` or `screen`.
  virtual void tap_buffer(program::Input input, GstPad *pad, GstBuffer *buffer) = 0;
  virtual void tap_event(program::Input input, GstPad *pad, GstEvent *event) = 0;
  // A line of the transcript, which starts at `start`.
  virtual void tap_line(const Spoken &spoken, GstClockTime start) = 0;
  virtual void tap_message(const GstStructure *message) = 0;
};

}  // namespace rtms::recorder

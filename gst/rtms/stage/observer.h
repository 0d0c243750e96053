// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells the scene what the messages and tags of rtmssrc say of the meeting.
#pragma once

#include "elements.h"
#include "scene/scene.h"

#include <atomic>

namespace rtms::program {

class Observer {
 public:
  // `clock` has the running time of the program.
  Observer(GstElement *clock, Scene *scene) : clock_(clock), scene_(scene) {}

  void set_name_tags(bool on);
  // The tags of the camera's pad name who is shown.
  void watch_tags(GstPad *pad);
  void tags(GstEvent *event);
  void message(const GstStructure *structure);
  // The running time, or 0 while there is none.
  GstClockTime now() const;

 private:
  static GstPadProbeReturn on_tag(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void connection(const GstStructure *structure);

  GstElement *const clock_;
  Scene *const scene_;
  std::atomic<bool> name_tags_{false};
};

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
// Updates the scene from the messages and tags of rtmssrc.
#pragma once

#include "elements.h"
#include "scene/scene.h"

namespace rtms::program {

class Observer {
 public:
  // `clock` is an element with the running time of the program.
  Observer(GstElement *clock, Scene *scene) : clock_(clock), scene_(scene) {}
  ~Observer() { watch_tags(nullptr); }
  Observer(const Observer &) = delete;
  Observer &operator=(const Observer &) = delete;

  // The tags of the camera's pad, the last one given, name the participant in the video.
  void watch_tags(GstPad *pad);
  void tags(GstEvent *event);
  void message(const GstStructure *structure);
  // The running time; 0: none yet.
  GstClockTime now() const;

 private:
  static GstPadProbeReturn on_tag(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void connection(const GstStructure *structure);

  GstElement *const clock_;
  Scene *const scene_;
  PadPtr watched_;
  gulong probe_ = 0;
};

}  // namespace rtms::program

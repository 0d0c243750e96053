// SPDX-License-Identifier: LGPL-2.1-or-later
// Passes the transcript into the video, or to a pad of the bin.
#pragma once

#include "scene/scene.h"
#include "stage/elements.h"

namespace rtms::program {

class TextFeed {
 public:
  // `from` is the pad `transcript` of rtmssrc. Its texts go into `scene`, or to the pad `captions`
  // if that is null.
  TextFeed(GstElement *bin, GstPad *from, Scene *scene);
  ~TextFeed();
  TextFeed(const TextFeed &) = delete;
  TextFeed &operator=(const TextFeed &) = delete;

 private:
  static GstFlowReturn on_text(GstPad *pad, GstObject *parent, GstBuffer *buffer);

  GstElement *const bin_;
  Scene *const scene_;
  PadPtr pad_;
};

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
// A container's track of video: what the service sends for it, in the track's own codec.
#pragma once

#include "gst.h"

#include <string>

namespace rtms::recorder {

// A container's header says once for all which codec a track has, but the service may send another
// than it was asked for, or than it granted, at any time. Frames of the track's codec pass as they
// are; others are encoded again.
class PictureTrack {
 public:
  // A bin with pads `sink` and `src`, for a pad that has these caps so far. The track is H.264, but
  // where Matroska gets JPEG it is that. Null where an element is missing.
  static ElementPtr make(const std::string &name, GstCaps *caps, bool matroska);
  // The track that an element belongs to, by its name; empty: to none.
  static std::string name_of(GstObject *object);
  // It cannot go on: the muxer need not wait for it.
  static void give_up(GstBin *pipeline, const std::string &name);

 private:
  enum class Codec { H264, Jpeg, Png };

  PictureTrack(GstElement *bin, Codec track, bool matroska);
  ~PictureTrack();
  static Codec codec_of(GstCaps *caps);
  static std::string converter(Codec from, Codec to, const std::string &black);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_switch(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  bool connect(Codec from, const std::string &black);
  void disconnect();
  GstPadProbeReturn event(GstEvent *event);
  GstPadProbeReturn buffer(GstBuffer *buffer) const;

  GstElement *const bin_;  // which owns this
  const Codec track_;
  const bool matroska_;
  PadPtr exit_, entry_;   // in between is the converter
  ElementPtr converter_;  // null: this codec cannot be recorded
  Codec from_, next_;
};

}  // namespace rtms::recorder

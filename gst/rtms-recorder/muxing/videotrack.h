// SPDX-License-Identifier: LGPL-2.1-or-later
// A container's track of video: what the service sends for it, in the track's own codec.
#pragma once

#include "common/gst.h"

#include <string>

namespace rtms::recorder {

// A container's header says once for all which codec a track has, but the service may send another
// than it was asked for, or than it granted, at any time. Frames of the track's codec pass as they
// are; others are encoded again. So are JPEG frames of another size than the track's: the size is
// in the header, and GStreamer 1.26 decodes frames of half the height as interlaced ones.
class VideoTrack {
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
  struct Format {
    Codec codec = Codec::H264;
    int width = 0, height = 0;  // 0: not known, or of no interest
    bool operator==(const Format &other) const {
      return codec == other.codec && width == other.width && height == other.height;
    }
  };

  VideoTrack(GstElement *bin, Format track, bool matroska);
  ~VideoTrack();
  static Format format_of(GstCaps *caps);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_switch(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static std::string black_of(const Format &format, GstCaps *caps);
  std::string converter(const Format &from) const;
  bool connect(const Format &from, const std::string &black);
  void disconnect();
  GstPadProbeReturn event(GstEvent *event);
  GstPadProbeReturn caps(GstCaps *caps);
  GstPadProbeReturn buffer(GstBuffer *buffer) const;

  GstElement *const bin_;  // which owns this
  const bool matroska_;
  const Format track_;
  PadPtr exit_, entry_;   // in between is the converter
  ElementPtr converter_;  // null: this codec cannot be recorded
  Format from_, next_;
};

}  // namespace rtms::recorder

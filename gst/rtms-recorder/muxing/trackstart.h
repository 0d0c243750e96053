// SPDX-License-Identifier: LGPL-2.1-or-later
// Holds a track of H.264 back until it has parameter sets.
#pragma once

#include "common/gst.h"
#include "media/picturesize.h"

namespace rtms::recorder {

// Muxers wait for the caps of each track, and refuse those without a size or parameter sets, which
// h264parse sends where it can read none: one damaged share would hold, or end, the whole file.
// This class passes nothing to the muxer until there are parameter sets. If frames have arrived for
// some seconds without any, or the stream ends, the track begins with a black frame.
class TrackStart {
 public:
  enum class Without { Black, Error };

  // `entry` and `exit` are the pads in front of and behind the parser of a track, which is `bin`.
  // `without` is what happens if no frame can be decoded; an error, only at the end.
  static void guard(GstElement *bin, GstPad *entry, GstPad *exit, Without without);

 private:
  TrackStart(GstElement *bin, GstPad *entry, Without without)
      : bin_(bin), entry_(entry), without_(without) {}
  static GstPadProbeReturn on_entry(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_exit(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void at(GstClockTime time);
  void end();
  void push_black();
  PictureSize size() const;

  GstElement *const bin_;
  GstPad *const entry_;
  const Without without_;
  bool begun_ = false;                        // the muxer gets caps
  bool is_given_ = false;                     // a black frame was pushed
  GstClockTime first_ = GST_CLOCK_TIME_NONE;  // of a frame, or of a GAP
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// A container's video track, in one codec whatever the service sends.
#pragma once

#include "common/gst.h"

#include <string>

namespace rtms::recorder {

// A container's header defines a track's codec once, but the service may send another codec than
// requested or granted, at any time. Frames in the track's codec pass; others are transcoded. So
// are JPEG frames of another size: the header holds the size, and GStreamer 1.26 decodes frames of
// half the height as interlaced.
class VideoTrack {
 public:
  // Where the frames come from: from rtmssrc, or from a journal, which has some or none. --join
  // leaves out frames of a journal: its track, if encoded, has keyframes only.
  enum class Source { Live, Journal, EmptyJournal };

  // Returns a bin with pads `sink` and `src`, for a pad that now has these caps. The track is
  // H.264, or JPEG for JPEG in Matroska. Null if an element is missing.
  static ElementPtr make(const std::string &name, GstCaps *caps, bool matroska, Source source);
  // Returns the track that an element belongs to, by its name; empty if none.
  static std::string name_of(GstObject *object);
  // Ends a track that cannot continue, so that the muxer does not wait for it.
  static void give_up(GstBin *pipeline, const std::string &name);

 private:
  enum class Codec { H264, Jpeg, Png };
  struct Format {
    Codec codec = Codec::H264;
    int width = 0, height = 0;  // 0: unknown, or irrelevant
    bool operator==(const Format &other) const {
      return codec == other.codec && width == other.width && height == other.height;
    }
  };

  VideoTrack(GstElement *bin, Format track, bool matroska, Source source);
  ~VideoTrack();
  static Format format_of(GstCaps *caps);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_switch(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static std::string rate_of(GstCaps *caps);
  std::string black_of(const Format &format) const;
  BufferPtr make_black(const Format &format) const;
  std::string to_h264() const;
  std::string converter(const Format &from) const;
  bool connect(const Format &from, bool begins);
  void disconnect();
  GstPadProbeReturn leave_out(GstBuffer *buffer);
  GstPadProbeReturn event(GstPadProbeInfo *info);
  GstPadProbeReturn caps(GstCaps *caps);
  GstPadProbeReturn buffer(GstBuffer *buffer);
  GstPadProbeReturn gap(GstPadProbeInfo *info);
  GstPadProbeReturn forward(GstPadProbeInfo *info);
  GstEvent *sized(GstCaps *caps) const;
  void ask_for_keyframe() const;
  void repeat(GstBuffer *picture, GstClockTime time);

  GstElement *const bin_;  // owns this object
  const bool matroska_;
  const Source source_;
  const Format track_;
  PadPtr exit_, entry_;   // the converter is between them
  ElementPtr converter_;  // null: the codec cannot be recorded
  Format from_, next_;
  std::string rate_;  // in frames per second
  // Pictures in JPEG or PNG, as the source's: a black one and the last one. Null for H.264, for
  // which rtmssrc makes black frames.
  BufferPtr black_, picture_;
  GstClockTime last_ = GST_CLOCK_TIME_NONE;  // when the last frame began
  bool is_repeated_ = false;                 // the last frame was one of these
  bool told_left_out_ = false;
};

}  // namespace rtms::recorder

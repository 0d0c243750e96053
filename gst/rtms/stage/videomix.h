// SPDX-License-Identifier: LGPL-2.1-or-later
// Mixes the video of the program: slate, screen share and camera in one frame, with texts above
// them.
#pragma once

#include "mixeroutput.h"
#include "scene/scene.h"
#include "slate.h"

namespace rtms::program {

struct VideoSettings {
  Size size;
  int fps_n = 25, fps_d = 1;
  Slate slate;
};

class VideoMix {
 public:
  // Makes the elements in the bin. If one is not installed, `missing` is its name.
  VideoMix(GstBin *bin, Scene *scene, std::string *missing);
  ~VideoMix();
  VideoMix(const VideoMix &) = delete;
  VideoMix &operator=(const VideoMix &) = delete;

  GstPad *source() const { return source_.get(); }
  GstPad *pad(Input input) const { return places_[static_cast<std::size_t>(input)].pad.get(); }
  MixerOutput &output() { return *output_; }
  // Whether the object is one of the mix's elements.
  bool has(GstObject *element) const;
  // Must be called before the elements are PAUSED. The video is delayed by `delay`, like the audio.
  // Returns false, and sets `error`, on failure.
  bool prepare(const VideoSettings &settings, GstClockTime delay, std::string *error);
  // Sets the mixer to PAUSED; the video starts at the running time `time`. Must precede any other
  // data, because a mixer restarts at its first.
  void begin(GstClockTime time);
  void set_upstream_latency(GstClockTime latency);

 private:
  struct Place {
    Scene *scene = nullptr;
    Input input = Input::Camera;
    GstClockTime frame = 0;  // the duration of an output frame
    PadPtr pad;
    std::optional<Rect> rect;
    bool known = false;
  };
  struct Overlay {
    GstElement *element = nullptr;
    std::string text;
    Rect anchor;
  };
  void make(GstBin *bin, std::string *missing);
  void add_pads();
  static void on_selected(GstElement *mixer, GstSegment *segment, guint64 pts, guint64 dts,
                          guint64 duration, GstStructure *info, gpointer self);
  static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer place);
  static GstPadProbeReturn on_pause(GstPad *pad, GstPadProbeInfo *info, gpointer);
  std::optional<Size> shown(Input input, GstClockTime time) const;
  void draw(GstClockTime time);
  void place(Input input, const std::optional<Rect> &rect, const std::optional<Size> &content);
  void hide_slate(bool hide);
  void write(Overlay *overlay, const std::string &text);

  Scene *const scene_;
  VideoSettings settings_;
  CapsPtr caps_;
  BufferPtr slate_;
  GstElement *mixer_ = nullptr, *filter_ = nullptr;
  Overlay name_, caption_, words_;
  PadPtr slate_pad_, source_;
  std::array<Place, 2> places_;
  bool slate_hidden_ = false;
  std::unique_ptr<MixerOutput> output_;
};

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "videomix.h"

#include <gst/base/gstaggregator.h>
#include <gst/video/video.h>

#include <algorithm>

namespace rtms::program {
namespace {

// The mixer's wait for frames that are still being decoded.
constexpr GstClockTime kPatience = 500 * GST_MSECOND;
// A frame of a camera that is off is hidden after this; frames may come with pauses.
constexpr GstClockTime kLongest = 1500 * GST_MSECOND;
constexpr int kKeepAspectRatio = 1;
constexpr guint kShade = 170;  // keeps white text readable on white

void set_font(GstElement *overlay, const char *font) {
  g_object_set(overlay, "font-desc", font, "shaded-background", TRUE, "draw-shadow", FALSE,
               "shading-value", kShade, "silent", TRUE, nullptr);
}

// Scaling down uses about one tap per source pixel. Without scaling there is no configuration,
// because with one the mixer copies every frame.
void set_scaling(GstPad *pad, unsigned pixels) {
  const StructurePtr config(
      pixels > 1
          ? gst_structure_new("GstVideoConverter", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD,
                              GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR,
                              GST_VIDEO_CONVERTER_OPT_RESAMPLER_TAPS, G_TYPE_UINT,
                              (pixels + 1) / 2 * 2, nullptr)
          : nullptr);
  g_object_set(pad, "converter-config", config.get(), nullptr);
}

std::optional<Size> display_size(GstCaps *caps) {
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps))
    return std::nullopt;
  return Size{static_cast<int>(gst_util_uint64_scale_int_round(static_cast<guint64>(info.width),
                                                               info.par_n, info.par_d)),
              info.height};
}

}  // namespace

VideoMix::VideoMix(GstBin *bin, Scene *scene, std::string *missing) : scene_(scene) {
  make(bin, missing);
  if (missing->empty())
    add_pads();
}

VideoMix::~VideoMix() = default;

void VideoMix::make(GstBin *bin, std::string *missing) {
  mixer_ = gst_element_factory_make_full("compositor", "name", "video-mixer", "force-live", TRUE,
                                         nullptr);
  if (!mixer_) {
    *missing = "compositor";
    return;
  }
  gst_bin_add(bin, mixer_);
  name_.element = add_element(bin, "textoverlay", "name-tag", missing);
  caption_.element = add_element(bin, "textoverlay", "caption-text", missing);
  words_.element = add_element(bin, "textoverlay", "state-text", missing);
  filter_ = add_element(bin, "capsfilter", "video-caps", missing);
  if (!missing->empty())
    return;
  gst_element_link_many(mixer_, name_.element, caption_.element, words_.element, filter_, nullptr);
  source_.reset(gst_element_get_static_pad(filter_, "src"));

  g_object_set(mixer_, "background", 1, "latency", kPatience, "emit-signals", TRUE, nullptr);
  gst_util_set_object_arg(G_OBJECT(mixer_), "start-time-selection", "set");
  g_signal_connect(mixer_, "samples-selected", G_CALLBACK(on_selected), this);
  PadPtr mixed(gst_element_get_static_pad(mixer_, "src"));
  output_ = std::make_unique<MixerOutput>("video", mixed.get());

  set_font(name_.element, "Sans 13");
  gst_util_set_object_arg(G_OBJECT(name_.element), "halignment", "left");
  gst_util_set_object_arg(G_OBJECT(name_.element), "valignment", "bottom");
  set_font(caption_.element, "Sans 15");
  gst_util_set_object_arg(G_OBJECT(caption_.element), "valignment", "bottom");
  set_font(words_.element, "Sans 20");
  g_object_set(words_.element, "shaded-background", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(words_.element), "valignment", "center");
}

void VideoMix::add_pads() {
  slate_pad_.reset(gst_element_request_pad_simple(mixer_, "sink_0"));
  g_object_set(slate_pad_.get(), "repeat-after-eos", TRUE, nullptr);
  for (Input input : {Input::Screen, Input::Camera}) {
    Place &place = places_[static_cast<std::size_t>(input)];
    place.scene = scene_;
    place.input = input;
    place.pad.reset(
        gst_element_request_pad_simple(mixer_, input == Input::Screen ? "sink_1" : "sink_2"));
    g_object_set(place.pad.get(), "zorder", input == Input::Screen ? 1 : 2, "sizing-policy",
                 kKeepAspectRatio, "alpha", 0.0, nullptr);
    gst_pad_add_probe(place.pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_frame, &place, nullptr);
  }
  gst_pad_add_probe(pad(Input::Camera), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_pause, nullptr,
                    nullptr);
  scene_->set_longest(Input::Camera, kLongest);
}

bool VideoMix::prepare(const VideoSettings &settings, GstClockTime delay, std::string *error) {
  settings_ = settings;
  caps_ = frame_caps(settings.size, settings.fps_n, settings.fps_d);
  slate_ = make_slate(settings.slate, caps_.get(), error);
  if (!slate_)
    return false;
  g_object_set(filter_, "caps", caps_.get(), nullptr);
  output_->prepare();
  // The mixer shows an input frame in the output frame during which it begins, on average half a
  // frame early. The offset corrects that.
  const GstClockTime frame = gst_util_uint64_scale(GST_SECOND, settings.fps_d, settings.fps_n);
  for (Place &place : places_) {
    place.known = false;
    place.frame = frame;
    gst_pad_set_offset(place.pad.get(), static_cast<gint64>(frame / 2 + delay));
  }
  return true;
}

void VideoMix::begin(GstClockTime time) {
  output_->start(time, [this] {
    begin_stream(slate_pad_.get(), "slate", caps_.get());
    gst_pad_chain(slate_pad_.get(), slate_.release());
    gst_pad_send_event(slate_pad_.get(), gst_event_new_eos());
  });
}

void VideoMix::set_upstream_latency(GstClockTime latency) {
  g_object_set(mixer_, "min-upstream-latency", latency, nullptr);
}

// The mixer takes the first input frame that has not ended, even if the next one has begun. A frame
// of the camera is shortened by one output frame, so that the next one is shown from the output
// frame on during which it begins. Frames that have ended are dropped, although no newer one may
// come: a share that does not change has none for minutes. Its frames have no duration, and last
// until the next one.
GstPadProbeReturn VideoMix::on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto place = static_cast<Place *>(data);
  GstBuffer *buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  info->data = buffer;
  // shown() cannot compute it: after a pause the mixer's pad has another segment than this frame's.
  const GstClockTime began = running_time(pad, GST_BUFFER_PTS(buffer));
  GST_BUFFER_OFFSET(buffer) = began;
  place->scene->arrived(place->input, began);
  GstClockTime &duration = GST_BUFFER_DURATION(buffer);
  GST_BUFFER_OFFSET_END(buffer) = duration;
  if (place->input == Input::Screen)
    duration = GST_CLOCK_TIME_NONE;
  else if (GST_CLOCK_TIME_IS_VALID(duration))
    duration = std::max(duration, place->frame + 1) - place->frame;
  return GST_PAD_PROBE_OK;
}

// At a GAP the mixer would remove the frame of a camera whose next frame is only late.
GstPadProbeReturn VideoMix::on_pause(GstPad *, GstPadProbeInfo *info, gpointer) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_GAP)
    return GST_PAD_PROBE_OK;
  event = GST_EVENT(gst_mini_object_make_writable(GST_MINI_OBJECT(event)));
  gst_event_set_gap_flags(event, GST_GAP_FLAG_MISSING_DATA);
  info->data = event;
  return GST_PAD_PROBE_OK;
}

// Is called when the mixer has selected the input frames of its next frame, before it draws them.
void VideoMix::on_selected(GstElement *, GstSegment *, guint64 pts, guint64, guint64,
                           GstStructure *, gpointer self) {
  static_cast<VideoMix *>(self)->draw(pts);
}

std::optional<Size> VideoMix::shown(Input input, GstClockTime time) const {
  const Place &place = places_[static_cast<std::size_t>(input)];
  GstPad *pad = place.pad.get();
  SamplePtr sample(
      gst_aggregator_peek_next_sample(GST_AGGREGATOR(mixer_), GST_AGGREGATOR_PAD(pad)));
  GstBuffer *buffer = sample ? gst_sample_get_buffer(sample.get()) : nullptr;
  if (!buffer || gst_buffer_get_size(buffer) == 0)
    return std::nullopt;
  const GstClockTime began = GST_BUFFER_OFFSET(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(began) || !scene_->is_shown(input, began, time))
    return std::nullopt;
  return display_size(gst_sample_get_caps(sample.get()));
}

void VideoMix::draw(GstClockTime time) {
  const Content content{shown(Input::Camera, time), shown(Input::Screen, time)};
  const Arrangement arrangement = arrange(scene_->layout(), settings_.size, content);
  place(Input::Camera, arrangement.camera, content.camera);
  place(Input::Screen, arrangement.screen, content.screen);

  const Rect whole{0, 0, settings_.size.width, settings_.size.height};
  hide_slate(arrangement.camera == whole || arrangement.screen == whole);

  const Texts texts = scene_->texts_at(time);
  const Rect anchor = arrangement.camera.value_or(whole);
  if (anchor != name_.anchor) {
    name_.anchor = anchor;
    const int margin = settings_.size.width / 80;
    g_object_set(name_.element, "xpad", anchor.x + margin, "ypad",
                 whole.height - anchor.y - anchor.height + margin, nullptr);
  }
  write(&name_, texts.name);
  write(&caption_, texts.caption);
  write(&words_, arrangement.camera || arrangement.screen ? "" : texts.words);
}

void VideoMix::place(Input input, const std::optional<Rect> &rect,
                     const std::optional<Size> &content) {
  Place &place = places_[static_cast<std::size_t>(input)];
  if (place.known && place.rect == rect)
    return;
  place.known = true;
  place.rect = rect;
  if (rect && content)
    set_scaling(place.pad.get(), static_cast<unsigned>(content->width / rect->width));
  if (rect)
    g_object_set(place.pad.get(), "xpos", rect->x, "ypos", rect->y, "width", rect->width, "height",
                 rect->height, "alpha", 1.0, nullptr);
  else
    g_object_set(place.pad.get(), "alpha", 0.0, nullptr);
}

bool VideoMix::has(GstObject *element) const {
  for (GstElement *one : {mixer_, filter_, name_.element, caption_.element, words_.element})
    if (element == GST_OBJECT(one))
      return true;
  return false;
}

// A covered slate need not be copied.
void VideoMix::hide_slate(bool hide) {
  if (hide != slate_hidden_)
    g_object_set(slate_pad_.get(), "alpha", hide ? 0.0 : 1.0, nullptr);
  slate_hidden_ = hide;
}

// The property takes markup.
void VideoMix::write(Overlay *overlay, const std::string &text) {
  if (overlay->text == text)
    return;
  overlay->text = text;
  StringPtr escaped(g_markup_escape_text(text.c_str(), static_cast<gssize>(text.size())));
  g_object_set(overlay->element, "text", escaped.get(), "silent", text.empty(), nullptr);
}

}  // namespace rtms::program

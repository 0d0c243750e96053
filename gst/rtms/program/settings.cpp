// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include "base/numberspec.h"

#include <cstring>

namespace rtms::program {
namespace {

constexpr int kLeastSize = 64, kMostSize = 7680;

template <typename Enum>
constexpr int number(Enum value) {
  return static_cast<int>(value);
}

constexpr auto kReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kPlaying = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                   GST_PARAM_MUTABLE_PLAYING);

void install_video_properties(GObjectClass *klass) {
  /**
   * GstRtmsProgram:layout:
   *
   * Where camera and screen share are shown. A change takes effect at a whole frame. What a layout
   * does not show is not decoded, and after a change it appears with its next keyframe. Aspect
   * ratios are kept.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kLayoutProperty,
      g_param_spec_enum("layout", "Layout", "What is shown where", layout_type(),
                        static_cast<int>(Layout::Auto), kPlaying));
  /**
   * GstRtmsProgram:width:
   *
   * The width of the video, in pixels; 0: that of #GstRtmsSrc:video-resolution.
   *
   * Valid: 0, and even numbers from 64 to 7680. Errors: other numbers are RESOURCE/SETTINGS at the
   * state change to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kWidthProperty,
      int_spec("width", "Width",
               "Width of the video, in pixels, an even number; 0: that of video-resolution", 0,
               kMostSize, 0, kReady));
  /**
   * GstRtmsProgram:height:
   *
   * The height of the video, in pixels; 0: that of #GstRtmsSrc:video-resolution.
   *
   * Valid: 0, and even numbers from 64 to 7680. Errors: other numbers are RESOURCE/SETTINGS at the
   * state change to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kHeightProperty,
      int_spec("height", "Height",
               "Height of the video, in pixels, an even number; 0: that of video-resolution", 0,
               kMostSize, 0, kReady));
  /**
   * GstRtmsProgram:framerate:
   *
   * The frame rate of the video, constant from the first frame to the last.
   *
   * Valid: 1/1 to 120/1 frames per second. Default: 25/1.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kFramerateProperty,
      gst_param_spec_fraction("framerate", "Frame rate", "Frames per second", 1, 1, 120, 1, 25, 1,
                              kReady));
}

void install_slate_properties(GObjectClass *klass) {
  /**
   * GstRtmsProgram:slate-color:
   *
   * The color that fills the frame behind camera and screen share, as 0xRRGGBB; black by default.
   *
   * Valid: 0 to 0xffffff; the upper eight bits are not used.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kSlateColorProperty,
      g_param_spec_uint("slate-color", "Slate color",
                        "Color that is shown while there is neither camera nor screen share, as "
                        "0xRRGGBB",
                        0, 0xffffffff, Settings().video.slate.color, kReady));
  /**
   * GstRtmsProgram:slate-location:
   *
   * The file with an image, PNG or JPEG, that is shown in place of #GstRtmsProgram:slate-color. The
   * element scales it to the frame, and keeps its aspect ratio.
   *
   * Default: none. Errors: a file that cannot be read or decoded is RESOURCE/OPEN_READ at the state
   * change to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kSlateLocationProperty,
      g_param_spec_string("slate-location", "Slate location",
                          "Image file that is shown in place of the color", nullptr, kReady));
}

void install_text_properties(GObjectClass *klass) {
  /**
   * GstRtmsProgram:name-tags:
   *
   * Whether the name of the active speaker is drawn at the lower left of the camera, or of the
   * frame while no camera is on.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kNameTagsProperty,
      g_param_spec_boolean("name-tags", "Name tags",
                           "Draw the name of the active speaker into the video", FALSE, kPlaying));
  /**
   * GstRtmsProgram:captions:
   *
   * Where the transcript goes. With `burn`, at most two lines at the bottom of the frame, for as
   * long as the line was spoken and it takes to read; a longer line follows in parts. With `pad`,
   * the element has the pad `captions`. #GstRtmsSrc:transcript-format=json cannot be drawn.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kCaptionsProperty,
      g_param_spec_enum("captions", "Captions", "Where the transcript goes", caption_mode_type(),
                        static_cast<int>(CaptionMode::Off), kReady));
}

}  // namespace

GType layout_type() {
  static const GEnumValue values[] = {
      {number(Layout::Auto),
       "The camera; during a screen share, the share with the camera in a corner", "auto"},
      {number(Layout::Camera), "The camera only", "camera"},
      {number(Layout::Screen), "The screen share only", "screen"},
      {number(Layout::ScreenCamera), "The screen share, with the camera in a corner",
       "screen+camera"},
      {number(Layout::SideBySide), "The screen share on the left, the camera on the right",
       "side-by-side"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstRtmsProgramLayout", values);
  return type;
}

GType caption_mode_type() {
  static const GEnumValue values[] = {
      {number(CaptionMode::Burn), "Drawn into the video", "burn"},
      {number(CaptionMode::Pad), "On the pad captions", "pad"},
      {number(CaptionMode::Off), "None", "off"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstRtmsProgramCaptions", values);
  return type;
}

Size usual_size(GstElement *source) {
  struct Usual {
    const char *resolution;
    Size size;
  };
  constexpr Usual kUsual[] = {{"sd", {640, 360}}, {"fhd", {1920, 1080}}, {"qhd", {2560, 1440}}};
  gint value = 0;
  g_object_get(source, "video-resolution", &value, nullptr);
  GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(source), "video-resolution");
  const GEnumValue *resolution = g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value);
  for (const Usual &usual : kUsual)
    if (resolution && std::strcmp(resolution->value_nick, usual.resolution) == 0)
      return usual.size;
  return {1280, 720};
}

bool is_valid_size(int size) {
  return size >= kLeastSize && size <= kMostSize && size % 2 == 0;
}

void install_properties(GObjectClass *klass) {
  install_video_properties(klass);
  install_slate_properties(klass);
  install_text_properties(klass);
}

bool set_setting(Settings *settings, guint id, const GValue *value) {
  switch (id) {
    case kLayoutProperty:
      settings->layout = static_cast<Layout>(g_value_get_enum(value));
      return true;
    case kWidthProperty:
      settings->video.size.width = g_value_get_int(value);
      return true;
    case kHeightProperty:
      settings->video.size.height = g_value_get_int(value);
      return true;
    case kFramerateProperty:
      settings->video.fps_n = gst_value_get_fraction_numerator(value);
      settings->video.fps_d = gst_value_get_fraction_denominator(value);
      return true;
    case kSlateColorProperty:
      settings->video.slate.color = g_value_get_uint(value);
      return true;
    case kSlateLocationProperty: {
      const char *location = g_value_get_string(value);
      settings->video.slate.location = location ? location : "";
      return true;
    }
    case kNameTagsProperty:
      settings->name_tags = g_value_get_boolean(value);
      return true;
    case kCaptionsProperty:
      settings->captions = static_cast<CaptionMode>(g_value_get_enum(value));
      return true;
    default:
      return false;
  }
}

bool get_setting(const Settings &settings, guint id, GValue *value) {
  switch (id) {
    case kLayoutProperty:
      g_value_set_enum(value, static_cast<int>(settings.layout));
      return true;
    case kWidthProperty:
      g_value_set_int(value, settings.video.size.width);
      return true;
    case kHeightProperty:
      g_value_set_int(value, settings.video.size.height);
      return true;
    case kFramerateProperty:
      gst_value_set_fraction(value, settings.video.fps_n, settings.video.fps_d);
      return true;
    case kSlateColorProperty:
      g_value_set_uint(value, settings.video.slate.color);
      return true;
    case kSlateLocationProperty: {
      const std::string &location = settings.video.slate.location;
      g_value_set_string(value, location.empty() ? nullptr : location.c_str());
      return true;
    }
    case kNameTagsProperty:
      g_value_set_boolean(value, settings.name_tags);
      return true;
    case kCaptionsProperty:
      g_value_set_enum(value, static_cast<int>(settings.captions));
      return true;
    default:
      return false;
  }
}

}  // namespace rtms::program

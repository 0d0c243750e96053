// SPDX-License-Identifier: LGPL-2.1-or-later
#include "enums.h"

namespace {

using namespace rtms;

template <typename Enum>
constexpr int number(Enum value) {
  return static_cast<int>(value);
}

// Registers `values`, which must be static, on the first call of each function below.
GType enum_type(const char *name, const GEnumValue *values) {
  return g_enum_register_static(name, values);
}

}  // namespace

GType gst_rtms_src_media_types_get_type(void) {
  static const GFlagsValue values[] = {
      {GST_RTMS_SRC_MEDIA_AUDIO, "Audio", "audio"},
      {GST_RTMS_SRC_MEDIA_VIDEO, "Camera video", "video"},
      {GST_RTMS_SRC_MEDIA_SCREEN, "Screen share", "screen"},
      {GST_RTMS_SRC_MEDIA_TRANSCRIPT, "Live transcript", "transcript"},
      {GST_RTMS_SRC_MEDIA_CHAT, "Chat messages", "chat"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_flags_register_static("GstRtmsSrcMediaTypes", values);
  return type;
}

GType gst_rtms_src_connection_mode_get_type(void) {
  static const GEnumValue values[] = {
      {GST_RTMS_SRC_CONNECTION_SPLIT, "One connection for each kind of media", "split"},
      {GST_RTMS_SRC_CONNECTION_UNIFIED, "One connection for all media", "unified"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcConnectionMode", values);
  return type;
}

GType gst_rtms_src_transcript_format_get_type(void) {
  static const GEnumValue values[] = {
      {GST_RTMS_SRC_TRANSCRIPT_TEXT, "One line of text per buffer (text/x-raw)", "text"},
      {GST_RTMS_SRC_TRANSCRIPT_JSON, "One JSON object per buffer (application/x-json)", "json"},
      {GST_RTMS_SRC_TRANSCRIPT_MARKUP,
       "One line of escaped text per buffer (text/x-raw, pango-markup)", "markup"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcTranscriptFormat", values);
  return type;
}

GType gst_rtms_src_fill_get_type(void) {
  static const GEnumValue values[] = {
      {GST_RTMS_SRC_FILL_NONE, "GAP events while no frames arrive", "none"},
      {GST_RTMS_SRC_FILL_BLACK, "Black frames while no frames arrive", "black"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcFill", values);
  return type;
}

GType gst_rtms_src_audio_codec_get_type(void) {
  static const GEnumValue values[] = {
      {number(Codec::L16), "Raw audio, 16 bit signed little endian", "l16"},
      {number(Codec::G711), "G.711 A-law", "g711"},
      {number(Codec::G722), "G.722 at 64 kbit/s", "g722"},
      {number(Codec::Opus), "Opus", "opus"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcAudioCodec", values);
  return type;
}

GType gst_rtms_src_audio_streams_get_type(void) {
  static const GEnumValue values[] = {
      {number(DataOpt::AudioMixed), "All participants mixed into one stream", "mixed"},
      {number(DataOpt::AudioMulti), "One stream for each participant", "per-participant"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcAudioStreams", values);
  return type;
}

GType gst_rtms_src_audio_framing_get_type(void) {
  static const GEnumValue values[] = {
      {number(ContentType::RawAudio), "Packets of the codec without RTP headers", "raw"},
      {number(ContentType::Rtp), "RTP packets", "rtp"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcAudioFraming", values);
  return type;
}

GType gst_rtms_src_video_codec_get_type(void) {
  static const GEnumValue values[] = {
      {number(Codec::H264), "H.264, Annex B byte stream", "h264"},
      {number(Codec::Jpeg), "JPEG images", "jpeg"},
      {number(Codec::Png), "PNG images", "png"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcVideoCodec", values);
  return type;
}

GType gst_rtms_src_video_resolution_get_type(void) {
  static const GEnumValue values[] = {
      {number(Resolution::Sd), "854x480 or 640x360", "sd"},
      {number(Resolution::Hd), "1280x720", "hd"},
      {number(Resolution::Fhd), "1920x1080", "fhd"},
      {number(Resolution::Qhd), "2560x1440", "qhd"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcVideoResolution", values);
  return type;
}

GType gst_rtms_src_video_streams_get_type(void) {
  static const GEnumValue values[] = {
      {number(DataOpt::VideoActiveSpeaker), "The active speaker's video", "active-speaker"},
      {number(DataOpt::VideoIndividual), "The video of the participant chosen by subscribe-video",
       "individual"},
      {0, nullptr, nullptr},
  };
  static const GType type = enum_type("GstRtmsSrcVideoStreams", values);
  return type;
}

const char *gst_rtms_src_enum_nick(GType type, int value) {
  auto klass = static_cast<GEnumClass *>(g_type_class_ref(type));
  const GEnumValue *found = g_enum_get_value(klass, value);
  const char *nick = found ? found->value_nick : "?";
  g_type_class_unref(klass);
  return nick;
}

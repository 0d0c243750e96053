// SPDX-License-Identifier: LGPL-2.1-or-later
#include "jointracks.h"

#include <gst/audio/audio.h>
#include <algorithm>

namespace rtms::recorder {

std::string kind_of(GstPad *pad) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  const char *name = caps ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)) : "";
  if (g_str_has_prefix(name, "video/") || g_str_has_prefix(name, "image/"))
    return "video";
  return g_str_has_prefix(name, "audio/") ? "audio" : "";
}

bool is_same_track(const GstStructure *one, const GstStructure *other) {
  int rate = 0, other_rate = 0;
  gst_structure_get_int(one, "rate", &rate);
  gst_structure_get_int(other, "rate", &other_rate);
  return rate == other_rate && gst_structure_has_name(one, gst_structure_get_name(other));
}

bool is_flac(GstPad *pad) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  return caps && gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), "audio/x-flac");
}

GstBuffer *cut(GstPad *pad, GstBuffer *buffer, GstClockTime first, GstClockTime last) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  GstAudioInfo info;
  const GstClockTime pts = GST_BUFFER_PTS(buffer), duration = GST_BUFFER_DURATION(buffer);
  if (!caps || !gst_audio_info_from_caps(&info, caps.get()) || !GST_AUDIO_INFO_BPF(&info) ||
      !GST_CLOCK_TIME_IS_VALID(duration) || first + last + kShortest > duration)
    return nullptr;
  const auto samples = [&](GstClockTime time) {
    return gst_util_uint64_scale_round(time, static_cast<guint64>(GST_AUDIO_INFO_RATE(&info)),
                                       GST_SECOND);
  };
  const GstClockTime rest = duration - first - last;
  // The last block of a file may have fewer samples than its duration says.
  const auto all = gst_buffer_get_size(buffer) / static_cast<guint64>(GST_AUDIO_INFO_BPF(&info));
  const guint64 from = std::min(samples(first), all), count = std::min(samples(rest), all - from);
  if (!count)
    return nullptr;
  GstBuffer *some =
      gst_audio_buffer_truncate(gst_buffer_ref(buffer), GST_AUDIO_INFO_BPF(&info), from, count);
  if (!some)
    return nullptr;
  some = gst_buffer_make_writable(some);
  GST_BUFFER_PTS(some) = pts + first;
  GST_BUFFER_DURATION(some) = rest;
  return some;
}

}  // namespace rtms::recorder

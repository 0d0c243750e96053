// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audiomix.h"

namespace rtms::program {
namespace {

// How long the mixer waits for audio.
constexpr GstClockTime kPatience = 500 * GST_MSECOND;
constexpr GstClockTime kBlock = 20 * GST_MSECOND;
// rtmssrc has made the timestamps contiguous: what differs is meant.
constexpr GstClockTime kAlignment = 2 * GST_MSECOND;

constexpr int kRate = AudioLimit::kRate, kChannels = AudioLimit::kChannels;
constexpr const char *kSamples = "S16LE";
// The mixer clips sums of integers; floats keep them, and hold 16 bits exactly.
constexpr const char *kSums = G_BYTE_ORDER == G_LITTLE_ENDIAN ? "F32LE" : "F32BE";

CapsPtr caps(const char *format) {
  return CapsPtr(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, format, "layout",
                                     G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, kRate,
                                     "channels", G_TYPE_INT, kChannels, "channel-mask",
                                     GST_TYPE_BITMASK, guint64{3}, nullptr));
}

}  // namespace

AudioMix::AudioMix(GstBin *bin, std::string *missing) {
  mixer_ = gst_element_factory_make_full("audiomixer", "name", "audio-mixer", "force-live", TRUE,
                                         nullptr);
  if (!mixer_) {
    *missing = "audiomixer";
    return;
  }
  gst_bin_add(bin, mixer_);
  sums_ = add_element(bin, "capsfilter", "audio-sums", missing);
  convert_ = add_element(bin, "audioconvert", "audio-convert", missing);
  filter_ = add_element(bin, "capsfilter", "audio-caps", missing);
  if (!missing->empty())
    return;
  gst_element_link_many(mixer_, sums_, convert_, filter_, nullptr);
  source_.reset(gst_element_get_static_pad(filter_, "src"));
  g_object_set(sums_, "caps", caps(kSums).get(), nullptr);
  g_object_set(filter_, "caps", caps(kSamples).get(), nullptr);
  gst_util_set_object_arg(G_OBJECT(convert_), "dithering", "none");
  g_object_set(mixer_, "latency", kPatience, "output-buffer-duration", kBlock,
               "alignment-threshold", kAlignment, "discont-wait", guint64{0}, nullptr);
  gst_util_set_object_arg(G_OBJECT(mixer_), "start-time-selection", "set");
  PadPtr mixed(gst_element_get_static_pad(mixer_, "src"));
  output_ = std::make_unique<MixerOutput>("audio", mixed.get());
  PadPtr sums(gst_element_get_static_pad(sums_, "src"));
  limit_ = std::make_unique<AudioLimit>(sums.get(), kBlock);
  first_.reset(gst_element_request_pad_simple(mixer_, "sink_%u"));
}

bool AudioMix::has(GstObject *element) const {
  for (GstElement *one : {mixer_, sums_, convert_, filter_})
    if (element == GST_OBJECT(one))
      return true;
  return false;
}

void AudioMix::prepare() {
  output_->prepare();
  limit_->reset();
  first_used_ = false;
}

// The mixer needs a pad with caps before it makes silence.
void AudioMix::begin(GstClockTime time) {
  output_->start(time, [&] {
    begin_stream(first_.get(), "silence", caps(kSamples).get());
    gst_pad_send_event(first_.get(), gst_event_new_gap(time, GST_MSECOND));
  });
}

void AudioMix::set_upstream_latency(GstClockTime latency) {
  g_object_set(mixer_, "min-upstream-latency", latency, nullptr);
}

PadPtr AudioMix::add_pad() {
  if (!first_used_) {
    first_used_ = true;
    return PadPtr(GST_PAD(gst_object_ref(first_.get())));
  }
  return PadPtr(gst_element_request_pad_simple(mixer_, "sink_%u"));
}

void AudioMix::remove_pad(GstPad *pad) {
  if (pad != first_.get())
    gst_element_release_request_pad(mixer_, pad);
}

}  // namespace rtms::program

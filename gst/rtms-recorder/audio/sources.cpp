// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources.h"

#include "frontier.h"
#include "mixer.h"

#include <gst/app/gstappsrc.h>
#include <algorithm>

namespace rtms::recorder {
namespace {

// Live muxers wait this long for the audio: the longest wait, a piece, and a busy machine.
constexpr GstClockTime kLatency = Frontier::kLongest + 2 * GST_SECOND;
// All that the mixer holds may come at once, at 48 kHz.
constexpr unsigned kSourceBytes = Mixer::kFurthest_s * 48000 * sizeof(int16_t);

std::string encoder(const std::string &codec, unsigned rate, bool short_packets) {
  constexpr unsigned kPackets = 50, kShortPackets = 400;  // per second
  if (codec == "opus")
    return std::string(" ! audioconvert ! opusenc") + (short_packets ? " frame-size=2.5" : "");
  if (codec == "flac")
    return " ! audioconvert ! flacenc quality=2 blocksize=" +
           std::to_string(rate / (short_packets ? kShortPackets : kPackets));
  return "";
}

}  // namespace

CapsPtr sound_caps(unsigned rate) {
  return CapsPtr(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, "S16LE", "layout",
                                     G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT,
                                     static_cast<int>(rate), "channels", G_TYPE_INT, 1, nullptr));
}

BufferPtr sound_buffer(const std::vector<int16_t> &samples, size_t count, uint64_t at,
                       unsigned rate) {
  const size_t size = count * sizeof(int16_t);
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
  if (samples.empty())
    gst_buffer_memset(buffer.get(), 0, 0, size);
  else
    gst_buffer_fill(buffer.get(), 0, samples.data(), size);
  GST_BUFFER_PTS(buffer.get()) = gst_util_uint64_scale(at, GST_SECOND, rate);
  GST_BUFFER_DURATION(buffer.get()) =
      gst_util_uint64_scale(at + count, GST_SECOND, rate) - GST_BUFFER_PTS(buffer.get());
  return buffer;
}

Sources::Sources(const Options &options, std::vector<std::string> titles, Packets packets)
    : rate_(options.audio_rate),
      encoder_(encoder(options.audio_codec, rate_, packets == Packets::Short)),
      titles_(std::move(titles)),
      sources_(titles_.size()) {}

ElementPtr Sources::make(unsigned track) {
  ElementPtr bin = make_bin(
      "appsrc name=sound is-live=true format=time leaky-type=downstream "
      "max-bytes=" +
      std::to_string(kSourceBytes) + " min-latency=" + std::to_string(kLatency) + encoder_);
  if (!bin)
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex_);
  sources_[track].reset(gst_bin_get_by_name(GST_BIN(bin.get()), "sound"));
  gst_app_src_set_caps(GST_APP_SRC(sources_[track].get()), sound_caps(rate_).get());
  send_title(track);
  return bin;
}

void Sources::set_title(unsigned track, const std::string &title) {
  std::lock_guard<std::mutex> lock(mutex_);
  titles_[track] = title;
  if (sources_[track])
    send_title(track);
}

void Sources::send_title(unsigned track) const {
  gst_element_send_event(
      sources_[track].get(),
      gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, titles_[track].c_str(), nullptr)));
}

void Sources::push(const std::vector<std::vector<int16_t>> &tracks, size_t count, uint64_t at) {
  bool full = false;
  std::lock_guard<std::mutex> lock(mutex_);
  for (size_t track = 0; track < tracks.size(); track++) {
    if (!sources_[track])
      continue;
    GstAppSrc *source = GST_APP_SRC(sources_[track].get());
    full |= gst_app_src_get_current_level_bytes(source) + count * sizeof(int16_t) > kSourceBytes;
    gst_app_src_push_buffer(source, sound_buffer(tracks[track], count, at, rate_).release());
  }
  lost_ += full ? count : 0;  // the oldest ones
}

void Sources::end() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (ElementPtr &source : sources_)
    if (source)
      gst_app_src_end_of_stream(GST_APP_SRC(source.get()));
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audiolimit.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace rtms::program {
namespace {

constexpr float kFullScale = 32768;
// What floats hold exactly: more than five hundred participants at full scale.
constexpr float kMostSum = 1 << 24;

size_t samples_of(GstBuffer *buffer) {
  return gst_buffer_get_size(buffer) / sizeof(float);
}

int32_t to_sum(float sample) {
  return static_cast<int32_t>(std::lrint(std::clamp(sample * kFullScale, -kMostSum, kMostSum)));
}

}  // namespace

AudioLimit::AudioLimit(GstPad *pad, GstClockTime block)
    : pad_(GST_PAD(gst_object_ref(pad))), block_(block) {
  constexpr auto events = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                       GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  constexpr auto answers =
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_UPSTREAM | GST_PAD_PROBE_TYPE_PULL);
  probes_[0] = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  probes_[1] = gst_pad_add_probe(pad, events, on_event, this, nullptr);
  probes_[2] = gst_pad_add_probe(pad, answers, on_answer, this, nullptr);
}

AudioLimit::~AudioLimit() {
  for (gulong probe : probes_)
    gst_pad_remove_probe(pad_.get(), probe);
}

void AudioLimit::reset() {
  limiter_.reset();
  held_.clear();
  sums_.clear();
}

void AudioLimit::add(BufferPtr buffer) {
  std::vector<float> samples(samples_of(buffer.get()));
  gst_buffer_extract(buffer.get(), 0, samples.data(), samples.size() * sizeof(float));
  std::transform(samples.begin(), samples.end(), std::back_inserter(sums_), to_sum);
  held_.push_back(std::move(buffer));
}

bool AudioLimit::has_look_ahead() const {
  return sums_.size() >= samples_of(held_.front().get()) + limiter_.ahead() * kChannels;
}

// Takes the oldest buffer. Whole multiples of a 16-bit step are converted exactly later.
BufferPtr AudioLimit::take() {
  BufferPtr buffer(gst_buffer_make_writable(held_.front().release()));
  held_.pop_front();
  const size_t count = samples_of(buffer.get());
  const size_t seen = std::min(sums_.size(), count + limiter_.ahead() * kChannels);
  const std::vector<int16_t> limited = limiter_.limit(
      {sums_.begin(), sums_.begin() + static_cast<ptrdiff_t>(seen)}, count / kChannels);
  sums_.erase(sums_.begin(), sums_.begin() + static_cast<ptrdiff_t>(count));
  std::vector<float> samples;
  for (int16_t sample : limited)
    samples.push_back(static_cast<float>(sample) / kFullScale);
  gst_buffer_fill(buffer.get(), 0, samples.data(), samples.size() * sizeof(float));
  return buffer;
}

// The pad itself takes no more buffers once it has stored EOS.
void AudioLimit::drain() {
  const PadPtr peer(gst_pad_get_peer(pad_.get()));
  while (peer && !held_.empty())
    gst_pad_chain(peer.get(), take().release());
}

GstPadProbeReturn AudioLimit::on_buffer(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<AudioLimit *>(data);
  self->add(BufferPtr(GST_PAD_PROBE_INFO_BUFFER(info)));
  if (self->has_look_ahead()) {
    info->data = self->take().release();
    return GST_PAD_PROBE_OK;
  }
  info->data = nullptr;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_OK;
  return GST_PAD_PROBE_HANDLED;
}

GstPadProbeReturn AudioLimit::on_event(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<AudioLimit *>(data);
  switch (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info))) {
    case GST_EVENT_FLUSH_STOP:
      self->reset();
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_GAP:
    case GST_EVENT_EOS:
      self->drain();
      break;
    default:
      break;
  }
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn AudioLimit::on_answer(GstPad *, GstPadProbeInfo *info, gpointer data) {
  const GstClockTime block = static_cast<AudioLimit *>(data)->block_;
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  gboolean live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  gst_query_set_latency(query, live, least + block,
                        GST_CLOCK_TIME_IS_VALID(most) ? most + block : most);
  return GST_PAD_PROBE_OK;
}

}  // namespace rtms::program

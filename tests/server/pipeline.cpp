// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipeline.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video-event.h>

#include <cstdio>

namespace rtmstest {

namespace {

// Long enough for a slow machine's first picture under valgrind.
constexpr GstClockTime kPatience = 20 * GST_SECOND;
constexpr GstClockTime kGlance = 100 * GST_MSECOND;

}  // namespace

Pipeline::Pipeline(const std::string &description) {
  GError *failure = nullptr;
  pipeline_.reset(
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &failure));
  ErrorPtr owned(failure);
  if (!pipeline_) {
    std::fprintf(stderr, "%s: %s\n", description.c_str(), failure->message);
    failed_ = true;
    return;
  }
  src_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "src"));
  sink_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "sink"));
  g_object_set(sink_.get(), "sync", FALSE, "max-buffers", 4, nullptr);
  if (src_)
    g_object_set(src_.get(), "format", GST_FORMAT_TIME, nullptr);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

Pipeline::~Pipeline() {
  if (pipeline_)
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void Pipeline::set_caps(const CapsPtr &caps) {
  if (src_)
    gst_app_src_set_caps(GST_APP_SRC(src_.get()), caps.get());
}

bool Pipeline::push(BufferPtr buffer) {
  return src_ && gst_app_src_push_buffer(GST_APP_SRC(src_.get()), buffer.release()) == GST_FLOW_OK;
}

void Pipeline::force_keyframe() {
  if (sink_)
    gst_element_send_event(
        sink_.get(), gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

SamplePtr Pipeline::pull() {
  GstClockTime waited = 0;
  while (!failed_ && waited < kPatience) {
    SamplePtr sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), kGlance));
    if (sample)
      return sample;
    if (gst_app_sink_is_eos(GST_APP_SINK(sink_.get())))
      return nullptr;
    waited += kGlance;
    report();
  }
  return nullptr;
}

void Pipeline::report() {
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  MessagePtr message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  if (!message)
    return;
  GError *error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  ErrorPtr owned(error);
  std::fprintf(stderr, "media: %s\n", error->message);
  failed_ = true;
}

std::vector<uint8_t> bytes_of(GstBuffer *buffer) {
  std::vector<uint8_t> bytes(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
  return bytes;
}

}  // namespace rtmstest

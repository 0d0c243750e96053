// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meter.h"

#include "element.h"
#include "pipeline.h"

namespace rtmsbench {

using namespace rtmstest;

Meter::Meter(const Server &server, const rtmscheck::Setup &setup) {
  pipeline_.reset(static_cast<GstElement *>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  src_ = make_rtmssrc();
  gst_bin_add(GST_BIN(pipeline_.get()), src_);
  g_object_set(src_, "webhook", server.webhook_json().c_str(), "client-id", "test-client",
               "client-secret", "test-secret", nullptr);
  setup(src_);
  g_signal_connect(src_, "pad-added", G_CALLBACK(on_pad_added), this);
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), on_message, this, nullptr);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

Meter::~Meter() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}

bool Meter::wait(const std::function<bool(const Counts &)> &predicate, int timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
    return over_ || predicate(counts_);
  }) && predicate(counts_);
}

Meter::Counts Meter::counts() {
  std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

bool Meter::over() {
  std::lock_guard<std::mutex> lock(mutex_);
  return over_;
}

std::string Meter::error() {
  std::lock_guard<std::mutex> lock(mutex_);
  return error_;
}

void Meter::count(const std::string &pad, GstBuffer *buffer) {
  rtmscheck::Packet packet;
  packet.bytes = bytes_of(buffer);
  const int64_t number = rtmscheck::Ticker::number(packet);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    PadCount &count = counts_[pad];
    count.packets++;
    count.bytes += packet.bytes.size();
    count.disorder += number <= count.last_number;
    count.losses += number > count.last_number + 1;
    count.last_number = number;
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT))
      count.discont_us = g_get_monotonic_time();
  }
  changed_.notify_all();
}

void Meter::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  auto self = static_cast<Meter *>(data);
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  gst_bin_add(GST_BIN(self->pipeline_.get()), sink);
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *probed, GstPadProbeInfo *info, gpointer meter) {
        static_cast<Meter *>(meter)->count(GST_PAD_NAME(probed), GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_OK;
      },
      self, nullptr);
  gst_element_sync_state_with_parent(sink);
  Ptr<GstPad, gst_object_unref> input(gst_element_get_static_pad(sink, "sink"));
  gst_pad_link(pad, input.get());
}

GstBusSyncReply Meter::on_message(GstBus *, GstMessage *message, gpointer data) {
  auto self = static_cast<Meter *>(data);
  const bool error = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  if (error || GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->over_ = true;
    if (error)
      self->error_ = rtmscheck::failure_of(message).text;
  }
  self->changed_.notify_all();
  gst_message_unref(message);
  return GST_BUS_DROP;
}

}  // namespace rtmsbench

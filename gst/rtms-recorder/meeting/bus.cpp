// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus.h"

namespace rtms::recorder {
namespace {

constexpr int64_t kAtOnce_us = 5 * G_USEC_PER_SEC;

// All other reasons are requests, or the end of the meeting.
bool is_failure(gint64 reason) {
  constexpr gint64 kFirst = 10, kLast = 19, kExitSignal = 17, kKeepAliveTimeout = 24;
  return (reason >= kFirst && reason <= kLast && reason != kExitSignal) ||
         reason == kKeepAliveTimeout;
}

}  // namespace

Bus::Bus(GstElement *pipeline, const SubjectLog *log, Report *report, BusListener *listener,
         Frontier *audio)
    : pipeline_(pipeline), log_(log), report_(report), listener_(listener), audio_(audio) {
  BusPtr bus(gst_element_get_bus(pipeline));
  watch_.reset(gst_bus_create_watch(bus.get()));
  g_source_set_callback(watch_.get(), G_SOURCE_FUNC(on_message), this, nullptr);
  g_source_attach(watch_.get(), nullptr);
}

gboolean Bus::on_message(GstBus *, GstMessage *message, gpointer self) {
  static_cast<Bus *>(self)->message(message);
  return G_SOURCE_CONTINUE;
}

void Bus::message(GstMessage *message) {
  GstProgressType progress = GST_PROGRESS_TYPE_START;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      listener_->bus_eos();
      break;
    case GST_MESSAGE_ERROR:
      error(message);
      break;
    case GST_MESSAGE_WARNING:
      warning(message);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency(GST_BIN(pipeline_));
      break;
    case GST_MESSAGE_PROGRESS:
      gst_message_parse_progress(message, &progress, nullptr, nullptr);
      if (progress == GST_PROGRESS_TYPE_COMPLETE)
        listener_->bus_connected();
      break;
    case GST_MESSAGE_ELEMENT:
      element_message(gst_message_get_structure(message));
      break;
    default:
      break;
  }
}

void Bus::error(GstMessage *message) {
  GError *raw_error = nullptr;
  gst_message_parse_error(message, &raw_error, nullptr);
  ErrorPtr failure(raw_error);
  listener_->bus_error(GST_MESSAGE_SRC(message), failure.get());
}

void Bus::warning(GstMessage *message) {
  GError *raw_error = nullptr;
  gst_message_parse_warning(message, &raw_error, nullptr);
  ErrorPtr failure(raw_error);
  log_->write(Log::Level::Warning, "warning", failure->message);
}

void Bus::element_message(const GstStructure *structure) {
  const std::string kind = gst_structure_get_name(structure);
  const auto text = [&](const char *field) {
    const char *value = gst_structure_get_string(structure, field);
    return std::string(value ? value : "");
  };
  gint64 reason = 0;
  gst_structure_get_int64(structure, "reason-code", &reason);
  guint64 user = 0;
  gst_structure_get_uint64(structure, "user-id", &user);
  if (kind == "rtms-participant-joined")
    report_->people().joined(user, text("user-name"), g_get_real_time());
  else if (kind == "rtms-participant-left")
    report_->people().left(user, g_get_real_time());
  else if (kind == "rtms-stream-state" && text("state") == "terminated")
    listener_->bus_terminated(text("reason"), is_failure(reason));
  else if (kind == "rtms-connection")
    connection(text("media"), text("state"));
}

void Bus::count_kicks(bool connected) {
  const int64_t now_us = g_get_monotonic_time();
  if (!connected && connected_us_) {
    kicks_ = now_us - connected_us_ < kAtOnce_us ? kicks_ + 1 : 0;
    kicked_us_ = now_us;
  }
  connected_us_ = connected ? now_us : 0;
}

unsigned Bus::kicks() const {
  constexpr int64_t kLately_us = 30 * G_USEC_PER_SEC;
  const int64_t now_us = g_get_monotonic_time();
  const bool lasts = connected_us_ && now_us - connected_us_ >= kAtOnce_us;
  return lasts || now_us - kicked_us_ > kLately_us ? 0 : kicks_;
}

void Bus::connection(const std::string &media, const std::string &state) {
  const bool is_audio = media.find("audio") != std::string::npos;
  const bool is_signaling = media == "signaling";
  // The media connections are lost with signaling, and left when the stream moves to another
  // server.
  const bool leaves = state == "reconnecting" || (state == "connecting" && reached_);
  if ((state == "reconnecting" && is_audio) || (leaves && is_signaling && has_audio_))
    audio_->lost();
  else if (state == "streaming" && is_audio)
    audio_->restored();
  else if (state == "closed" && is_audio)
    audio_->ended();
  if (is_audio && (state == "streaming" || state == "closed"))
    has_audio_ = state == "streaming";
  if (state == "streaming" && !is_signaling) {
    reached_ = true;
    lost_us_ = 0;
  } else if (leaves && is_signaling && !lost_us_) {
    lost_us_ = g_get_monotonic_time();
  }
  if (is_signaling)
    count_kicks(state == "streaming");
  if (state == "reconnecting")
    log_->write(Log::Level::Warning, "reconnecting", "lost " + media + ": reconnecting");
  else if (state == "silent")
    log_->write(Log::Level::Warning, "silent", "connected, but no " + media + " arrived for 30 s");
  else if (state == "closed" && is_signaling)
    listener_->bus_closed();
}

}  // namespace rtms::recorder

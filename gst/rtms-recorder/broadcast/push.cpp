// SPDX-License-Identifier: LGPL-2.1-or-later
#include "push.h"

#include "common/sockets.h"
#include "settings/rtmpurl.h"

#include <gst/app/gstappsrc.h>
#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr unsigned kFirstDelay_ms = 1000, kLongestDelay_ms = 30000;
// Longer than the handshake: the server accepts media.
constexpr uint64_t kHandshakeBytes = 16384;
constexpr int64_t kSilence_us = 10 * G_USEC_PER_SEC;
constexpr GstClockTime kFarewell = 2 * GST_SECOND;

// The limit of queued video; after it, video resumes at a keyframe.
constexpr guint64 kMostBytes = 8 << 20;

// The muxer waits for the later of both streams as long as the program may be late.
constexpr char kPipeline[] =
    "appsrc name=video is-live=true format=time max-bytes=0 min-latency=3000000000 ! mux.video "
    "appsrc name=audio is-live=true format=time leaky-type=downstream max-bytes=1048576 "
    "min-latency=3000000000 ! mux.audio "
    "flvmux name=mux streamable=true latency=200000000 ! rtmp2sink name=server";

unsigned port_of(const std::string &url) {
  constexpr unsigned kRtmp = 1935, kRtmps = 443;
  UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NON_DNS, nullptr));
  const int port = uri ? g_uri_get_port(uri.get()) : -1;
  return port > 0                                  ? static_cast<unsigned>(port)
         : g_str_has_prefix(url.c_str(), "rtmps:") ? kRtmps
                                                   : kRtmp;
}

}  // namespace

Push::Push(std::string url, GstElement *program, Tell tell)
    : url_(std::move(url)),
      base_time_(gst_element_get_base_time(program)),
      clock_(gst_pipeline_get_clock(GST_PIPELINE(program))),
      tell_(std::move(tell)) {
  start();
}

std::string Push::summary() const {
  return std::string(connected_ ? "pushed until the end" : "not pushed at the end") +
         ", attempts: " + std::to_string(attempts_);
}

Push::~Push() {
  g_cancellable_cancel(looking_up_.get());
  stop(kFarewell);
}

void Push::start() {
  attempts_++;
  look_up_server();
  GError *raw_error = nullptr;
  GstElement *pipeline = gst_parse_launch(kPipeline, &raw_error);
  ErrorPtr error(raw_error);
  pipeline_.reset(pipeline ? GST_ELEMENT(gst_object_ref_sink(pipeline)) : nullptr);
  if (error) {
    failed(error->message);
    return;
  }
  GstBin *bin = GST_BIN(pipeline_.get());
  server_.reset(gst_bin_get_by_name(bin, "server"));
  g_object_set(server_.get(), "location", url_.c_str(), "async", FALSE, "sync", FALSE, nullptr);
  seen_sent_ = 0;
  limited_ = false;
  progress_us_ = g_get_monotonic_time();
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  watch_.reset(gst_bus_create_watch(bus.get()));
  g_source_set_callback(watch_.get(), G_SOURCE_FUNC(on_message), this, nullptr);
  g_source_attach(watch_.get(), nullptr);
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), clock_.get());
  gst_element_set_start_time(pipeline_.get(), GST_CLOCK_TIME_NONE);
  gst_element_set_base_time(pipeline_.get(), base_time_);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    video_.reset(gst_bin_get_by_name(bin, "video"));
    audio_.reset(gst_bin_get_by_name(bin, "audio"));
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void Push::stop(GstClockTime patience) {
  watch_.reset();
  server_.reset();
  connected_ = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    video_.reset();
    audio_.reset();
    has_keyframe_ = false;
  }
  if (pipeline_)
    retire(std::move(pipeline_), patience, [] {});
}

void Push::failed(const std::string &why) {
  stop(0);
  delay_ms_ = std::clamp(2 * delay_ms_, kFirstDelay_ms, kLongestDelay_ms);
  tell_(false, "The push to " + shown_url(url_) +
                   " failed; the recording continues, and the next attempt is in " +
                   std::to_string(delay_ms_ / 1000) + " s: " + without_key(why, url_));
  retry_.start(delay_ms_, [this] { start(); });
}

uint64_t Push::sent() const {
  GstStructure *stats = nullptr;
  g_object_get(server_.get(), "stats", &stats, nullptr);
  StructurePtr owned(stats);
  guint64 bytes = 0;
  if (stats)
    gst_structure_get_uint64(stats, "out-bytes-total", &bytes);
  return bytes;
}

// The kernel buffers megabytes for a stalled server, minutes of media, so the connection gets a
// shorter TCP timeout. The address finds its socket, because rtmp2sink does not expose it.
void Push::look_up_server() {
  UriPtr uri(g_uri_parse(url_.c_str(), G_URI_FLAGS_NON_DNS, nullptr));
  if (!uri || !g_uri_get_host(uri.get()))
    return;
  g_cancellable_cancel(looking_up_.get());
  addresses_.clear();
  looking_up_.reset(g_cancellable_new());
  ObjectPtr<GResolver> resolver(g_resolver_get_default());
  g_resolver_lookup_by_name_async(resolver.get(), g_uri_get_host(uri.get()), looking_up_.get(),
                                  on_address, this);
}

void Push::on_address(GObject *resolver, GAsyncResult *result, gpointer data) {
  GError *raw_error = nullptr;
  GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &raw_error);
  ErrorPtr error(raw_error);
  if (error)
    return;  // cancelled: this object is destroyed, or tries again
  auto self = static_cast<Push *>(data);
  self->addresses_.clear();
  for (GList *one = found; one; one = one->next)
    self->addresses_.emplace_back(G_INET_ADDRESS(one->data));
  g_list_free(found);
}

void Push::limit_silence() {
  std::vector<GInetAddress *> addresses;
  for (const auto &address : addresses_)
    addresses.push_back(address.get());
  limit_unacknowledged(addresses, port_of(url_), kSilence_us / 1000);
  limited_ = true;  // another address than those is not looked for again
}

void Push::watch() {
  if (!server_)
    return;
  const uint64_t bytes = sent();
  if (bytes > 0 && !limited_ && !addresses_.empty())
    limit_silence();
  if (bytes != seen_sent_) {
    seen_sent_ = bytes;
    progress_us_ = g_get_monotonic_time();
  } else if (g_get_monotonic_time() - progress_us_ > kSilence_us) {
    failed("The server does not accept data any more.");
    return;
  }
  if (connected_ || bytes < kHandshakeBytes)
    return;
  connected_ = true;
  delay_ms_ = 0;
  tell_(true, "Pushing to " + shown_url(url_));
}

gboolean Push::on_message(GstBus *, GstMessage *message, gpointer data) {
  auto self = static_cast<Push *>(data);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR: {
      GError *raw_error = nullptr;
      gst_message_parse_error(message, &raw_error, nullptr);
      ErrorPtr error(raw_error);
      self->failed(error->message);
      return G_SOURCE_REMOVE;
    }
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency(GST_BIN(self->pipeline_.get()));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

void Push::media(bool video, GstBuffer *buffer, GstCaps *caps) {
  SamplePtr sample(gst_sample_new(buffer, caps, nullptr, nullptr));
  std::lock_guard<std::mutex> lock(mutex_);
  if (video && video_) {
    push_video(sample.get(), buffer);
  } else if (!video) {
    if (has_keyframe_ && GST_BUFFER_PTS(buffer) >= from_)
      gst_app_src_push_sample(GST_APP_SRC(audio_.get()), sample.get());
    early_.add(std::move(sample));
  }
}

// The caller holds mutex_.
void Push::push_video(GstSample *sample, GstBuffer *buffer) {
  if (gst_app_src_get_current_level_bytes(GST_APP_SRC(video_.get())) > kMostBytes) {
    if (std::exchange(has_keyframe_, false))
      early_ = {};  // it was pushed when it came
    return;
  }
  if (!has_keyframe_ && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    return;
  const bool begins = !std::exchange(has_keyframe_, true);
  gst_app_src_push_sample(GST_APP_SRC(video_.get()), sample);
  if (!begins)
    return;
  from_ = GST_BUFFER_PTS(buffer);
  for (const SamplePtr &early : early_.take(from_))
    gst_app_src_push_sample(GST_APP_SRC(audio_.get()), early.get());
}

}  // namespace rtms::recorder

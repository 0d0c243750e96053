// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pages.h"

#include "common/metrics.h"
#include "common/names.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

constexpr size_t kLongestLabel = 128;
constexpr const char *kMedia[] = {"audio", "video", "screen", "transcript", "chat"};

const GstStructure *of_media(const GstStructure *stats, const char *media) {
  const GValue *value = stats ? gst_structure_get_value(stats, media) : nullptr;
  return value && GST_VALUE_HOLDS_STRUCTURE(value) ? gst_value_get_structure(value) : nullptr;
}

void add_totals(Metrics *metrics, const Recorder &recorder, const Totals &totals) {
  metrics->family("rtms_recorder_meetings", "gauge", "Meetings that are being recorded.");
  metrics->sample(recorder.meetings().count());
  metrics->family("rtms_recorder_recordings_started_total", "counter", "Recordings started.");
  metrics->sample(totals.started);
  metrics->family("rtms_recorder_recordings_ended_total", "counter", "Recordings ended.");
  metrics->sample(totals.finished, "result=\"finished\"");
  metrics->sample(totals.failed, "result=\"failed\"");
  metrics->family("rtms_recorder_refused_total", "counter", "Streams that were not recorded.");
  metrics->sample(totals.refused);
  metrics->family("rtms_recorder_webhooks_total", "counter",
                  "Webhooks about streams whose signature was valid.");
  metrics->sample(totals.webhooks);
  metrics->family("rtms_recorder_bytes_total", "counter", "Bytes of payload received.");
  metrics->sample(totals.bytes);
  metrics->family("rtms_recorder_dropped_total", "counter", "Messages dropped.");
  metrics->sample(totals.dropped);
  metrics->family("rtms_recorder_reconnects_total", "counter", "Connections lost and restored.");
  metrics->sample(totals.reconnects);
  metrics->family("rtms_recorder_disk_free_bytes", "gauge",
                  "Free disk space of the output folder.");
  metrics->sample(recorder.storage().free_bytes());
  metrics->family("rtms_recorder_disk_low", "gauge",
                  "1: no recording starts (--min-free); 2: those that run end (--end-free).");
  metrics->sample(static_cast<uint64_t>(recorder.storage().space()));
  metrics->family("rtms_recorder_log_lines_dropped_total", "counter",
                  "Lines of the log that nothing took in time.");
  metrics->sample(totals.log_lines_dropped);
}

void add_requests(Metrics *metrics, const Requests &requests) {
  metrics->family("rtms_recorder_http_requests_total", "counter",
                  "Requests to the webhook's port by HTTP status; 0: closed without an answer.");
  for (const auto &[status, count] : requests)
    metrics->sample(count, "code=\"" + std::to_string(status) + "\"");
}

struct Family {
  const char *name, *help, *counter;
};
constexpr Family kPerMedia[] = {
    {"rtms_meeting_messages_total", "Media messages received.", "messages"},
    {"rtms_meeting_bytes_total", "Bytes of payload received.", "bytes"},
    {"rtms_meeting_dropped_total", "Messages dropped.", "dropped"},
    {"rtms_meeting_discontinuities_total", "Interruptions of the media.", "discontinuities"},
    {"rtms_meeting_reconnects_total", "Media connections lost and restored.", "reconnects"},
};

void add_meetings(Metrics *metrics, const std::vector<Status> &all) {
  metrics->family("rtms_meeting_duration_seconds", "gauge", "Time since the recording started.");
  for (const Status &status : all)
    metrics->sample(static_cast<uint64_t>(status.seconds),
                    "stream=\"" + label(status.stream) + "\",recording=\"" + label(status.name) +
                        "\",state=\"" + status.state + "\"");
  metrics->family("rtms_meeting_file_bytes", "gauge", "Size of the recording's file.");
  for (const Status &status : all)
    metrics->sample(status.file_bytes, "stream=\"" + label(status.stream) + "\"");
  metrics->family("rtms_meeting_audio_lost_milliseconds_total", "counter",
                  "Audio that came later than a recording waits, and is not in it.");
  for (const Status &status : all)
    metrics->sample(status.late_ms, "stream=\"" + label(status.stream) + "\"");
  metrics->family("rtms_meeting_push_up", "gauge",
                  "Whether an RTMP server accepts the meeting (1) or not (0).");
  for (const Status &status : all)
    if (status.pushing)
      metrics->sample(status.pushed, "stream=\"" + label(status.stream) + "\"");
  for (const Family &family : kPerMedia) {
    metrics->family(family.name, "counter", family.help);
    for (const Status &status : all)
      for (const char *media : kMedia)
        metrics->sample(counter(of_media(status.stats.get(), media), family.counter),
                        "stream=\"" + label(status.stream) + "\",media=\"" + media + "\"");
  }
}

}  // namespace

std::string label(const std::string &value) {
  std::string escaped;
  for (char c : shown(value, kLongestLabel)) {
    if (c == '\\' || c == '"')
      escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string metrics(const Recorder &recorder, const Sharing *sharing, const Requests &requests,
                    const std::vector<Status> &running) {
  Metrics metrics;
  add_totals(&metrics, recorder, recorder.totals(running));
  add_requests(&metrics, requests);
  if (sharing)
    sharing->add_metrics(&metrics);
  add_meetings(&metrics, running);
  return metrics.text();
}

std::string sick(const Recorder &recorder, const Sharing *sharing) {
  const std::string why = recorder.sick();
  return why.empty() && sharing ? sharing->sick() : why;
}

namespace {

std::optional<WebhookPage> page(const Recorder &recorder, const Sharing *sharing,
                                const Requests &requests, std::string_view path) {
  if (path == "/healthz") {
    const std::string why = sick(recorder, sharing);
    return WebhookPage{why.empty() ? 200u : 503u, "text/plain; charset=utf-8",
                       (why.empty() ? "ok" : why) + "\n"};
  }
  if (path == "/metrics")
    return WebhookPage{200, "text/plain; version=0.0.4; charset=utf-8",
                       metrics(recorder, sharing, requests, recorder.meetings().statuses())};
  return std::nullopt;
}

}  // namespace

std::optional<WebhookPage> Pages::get(const Recorder &recorder, const Sharing *sharing,
                                      const Requests &requests, std::string_view path) {
  constexpr int64_t kPart = 20, kLongest_us = G_USEC_PER_SEC;
  const int64_t now_us = g_get_monotonic_time();
  const auto last = made_.find(path);
  if (last != made_.end() && now_us < last->second.until_us)
    return last->second.page;
  auto made = page(recorder, sharing, requests, path);
  if (made)
    made_[std::string(path)] = {
        made, now_us + std::min<int64_t>(kPart * (g_get_monotonic_time() - now_us), kLongest_us)};
  return made;
}

}  // namespace rtms::recorder

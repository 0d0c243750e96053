// SPDX-License-Identifier: LGPL-2.1-or-later
// meetings SECONDS [receive | PROPERTY=VALUE…]: as many meetings at once, in one process, as there
// are webhooks of `blaster live` on stdin. Tells how long each took from PLAYING to its first
// buffer, all of them started at once; what they cost after SECONDS in steady state; and the
// latency from the server's write to the pad's push. With `receive`, our transport alone receives,
// and nothing is done with it. The properties are those of the elements.
#include <gst/gst.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "element.h"
#include "transport/websocket.h"

namespace {

using namespace rtms;

constexpr gint64 kWarmUp_us = 2 * G_USEC_PER_SEC;
// Behind the start code of a picture.
constexpr gsize kClock = 6, kDigits = 12;

std::mutex mutex;
std::vector<gint64> latencies_us, starts_us;
std::atomic<bool> counting;

void count(const char *digits) {
  const gint64 now_us = g_get_monotonic_time();
  if (!counting)
    return;
  const gint64 sent_us = std::strtoll(std::string(digits, kDigits).c_str(), nullptr, 10);
  std::lock_guard<std::mutex> lock(mutex);
  latencies_us.push_back(now_us - sent_us);
}

GstPadProbeReturn on_first_buffer(GstPad *, GstPadProbeInfo *, gpointer pipeline) {
  const gint64 now_us = g_get_monotonic_time();
  auto started_us = static_cast<gint64 *>(g_object_steal_data(G_OBJECT(pipeline), "started"));
  if (started_us) {
    std::lock_guard<std::mutex> lock(mutex);
    starts_us.push_back(now_us - *started_us);
    g_free(started_us);
  }
  return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn on_buffer(GstPad *, GstPadProbeInfo *info, gpointer) {
  char digits[kDigits];
  gst_buffer_extract(GST_PAD_PROBE_INFO_BUFFER(info), kClock, digits, kDigits);
  count(digits);
  return GST_PAD_PROBE_OK;
}

void link_sink(GstElement *src, GstPad *pad, gpointer) {
  GstObject *pipeline = gst_object_get_parent(GST_OBJECT(src));
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  gst_bin_add(GST_BIN(pipeline), sink);
  gst_element_sync_state_with_parent(sink);
  GstPad *sink_pad = gst_element_get_static_pad(sink, "sink");
  gst_pad_link(pad, sink_pad);
  gst_object_unref(sink_pad);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_first_buffer, pipeline, nullptr);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, nullptr, nullptr);
  gst_object_unref(pipeline);
}

class Receiver : public TransportListener {
 public:
  void transport_opened() override {}
  void transport_message(std::string_view text) override {
    constexpr char kData[] = "\"data\":\"";
    const size_t at = text.find(kData) + sizeof kData - 1 + kClock / 3 * 4;
    gsize size = 0;
    std::string base64(text.substr(at, 16));
    StringPtr digits(reinterpret_cast<char *>(g_base64_decode(base64.c_str(), &size)));
    count(digits.get());
  }
  void transport_closed(const TransportClose &) override {}
};

struct Usage {
  double cpu_s = 0;
  long resident_kb = 0;
  long threads = 0;
};

Usage usage() {
  rusage self{};
  getrusage(RUSAGE_SELF, &self);
  Usage now;
  now.cpu_s = static_cast<double>(self.ru_utime.tv_sec + self.ru_stime.tv_sec) +
              static_cast<double>(self.ru_utime.tv_usec + self.ru_stime.tv_usec) / 1e6;
  long total = 0;
  if (FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &total, &now.resident_kb) == 2)
      now.resident_kb *= sysconf(_SC_PAGESIZE) / 1024;
    std::fclose(file);
  }
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  now.threads = static_cast<long>(std::distance(begin(tasks), end(tasks)));
  return now;
}

GstElement *start_meeting(const std::string &webhook, const std::vector<std::string> &properties) {
  GstElement *pipeline = gst_pipeline_new(nullptr);
  GstElement *src = rtmsbench::make_rtmssrc("src");
  gst_bin_add(GST_BIN(pipeline), src);
  gst_util_set_object_arg(G_OBJECT(src), "media-types", "audio+video");
  gst_util_set_object_arg(G_OBJECT(src), "connection-mode", "unified");
  g_object_set(src, "webhook", webhook.c_str(), "client-id", "id", "client-secret", "secret",
               "context", "meetings", nullptr);
  for (const std::string &one : properties)
    gst_util_set_object_arg(G_OBJECT(src), one.substr(0, one.find('=')).c_str(),
                            one.substr(one.find('=') + 1).c_str());
  g_signal_connect(src, "pad-added", G_CALLBACK(link_sink), nullptr);
  auto started_us = g_new(gint64, 1);
  *started_us = g_get_monotonic_time();
  g_object_set_data(G_OBJECT(pipeline), "started", started_us);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  return pipeline;
}

std::string media_url(const std::string &webhook) {
  const size_t begin = webhook.find("ws://"), end = webhook.find("/signaling/");
  const size_t quote = webhook.find('"', end);
  return webhook.substr(begin, end - begin) + "/media/" +
         webhook.substr(end + 11, quote - end - 11) + "?now";
}

void run_for(gint64 us) {
  MainLoopPtr loop(g_main_loop_new(nullptr, FALSE));
  g_timeout_add(
      static_cast<guint>(us / 1000),
      [](gpointer data) -> gboolean {
        g_main_loop_quit(static_cast<GMainLoop *>(data));
        return G_SOURCE_REMOVE;
      },
      loop.get());
  g_main_loop_run(loop.get());
}

guint64 total(const std::vector<GstElement *> &pipelines, const char *field) {
  guint64 sum = 0;
  for (GstElement *pipeline : pipelines) {
    GstElement *src = gst_bin_get_by_name(GST_BIN(pipeline), "src");
    GstStructure *stats = nullptr;
    g_object_get(src, "stats", &stats, nullptr);
    guint64 value = 0;
    gst_structure_get_uint64(stats, field, &value);
    sum += value;
    gst_structure_free(stats);
    gst_object_unref(src);
  }
  return sum;
}

gint64 percentile(const std::vector<gint64> &sorted, double part) {
  const double last = static_cast<double>(sorted.size()) - 1;
  return sorted.empty() ? 0 : sorted[static_cast<size_t>(last * part)];
}

}  // namespace

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 10;
  const bool receive = argc > 2 && strcmp(argv[2], "receive") == 0;
  const std::vector<std::string> properties(argv + std::min(argc, receive ? 3 : 2), argv + argc);
  const Usage idle = usage();
  WebSocketFactory factory({}, std::make_shared<unsigned>(0));
  Receiver receiver;
  std::vector<std::unique_ptr<Transport>> transports;
  std::vector<GstElement *> pipelines;
  for (std::string webhook; std::getline(std::cin, webhook);) {
    if (receive) {
      transports.push_back(factory.create(&receiver));
      transports.back()->open(media_url(webhook), {});
    } else {
      pipelines.push_back(start_meeting(webhook, properties));
    }
  }
  run_for(kWarmUp_us);
  counting = true;
  const Usage before = usage();
  run_for(seconds * G_USEC_PER_SEC);
  counting = false;
  const Usage after = usage();
  const double meetings = static_cast<double>(pipelines.size() + transports.size());
  const guint64 dropped = total(pipelines, "dropped");
  std::lock_guard<std::mutex> lock(mutex);
  std::sort(latencies_us.begin(), latencies_us.end());
  std::sort(starts_us.begin(), starts_us.end());
  printf("{\"meetings\":%.0f,\"seconds\":%d,\"messages\":%zu,\"dropped\":%" G_GUINT64_FORMAT
         ",\"cpu_per_meeting\":%.5f,\"rss_kb_per_meeting\":%.0f,\"threads_per_meeting\":%.2f,"
         "\"latency_us\":{\"p50\":%" G_GINT64_FORMAT ",\"p99\":%" G_GINT64_FORMAT
         ",\"max\":%" G_GINT64_FORMAT "},\"first_buffer_us\":{\"p50\":%" G_GINT64_FORMAT
         ",\"max\":%" G_GINT64_FORMAT "}}\n",
         meetings, seconds, latencies_us.size(), dropped,
         (after.cpu_s - before.cpu_s) / seconds / meetings,
         static_cast<double>(after.resident_kb - idle.resident_kb) / meetings,
         static_cast<double>(after.threads - idle.threads) / meetings,
         percentile(latencies_us, 0.5), percentile(latencies_us, 0.99), percentile(latencies_us, 1),
         percentile(starts_us, 0.5), percentile(starts_us, 1));
  // Without ado: the server ends the streams when it likes.
  fflush(stdout);
  _exit(0);
}

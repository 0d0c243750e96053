// SPDX-License-Identifier: LGPL-2.1-or-later
// reliability [TRIES [FAULT]]: breaks running streams in every way, again and again, and prints a
// table of how they got over it, for docs/reliability.md.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "meter.h"

namespace {

using namespace rtmstest;
using rtmsbench::Meter;
using rtmsbench::PadCount;

constexpr int kWatchdogMs = 2000, kKeepAliveMs = 500, kRefusedMs = 2000;
constexpr int kPatienceMs = 20000;

// A stream while it is being broken.
struct Run {
  std::unique_ptr<Server> server;
  std::unique_ptr<Meter> meter;
  Config config;
  bool unified = false;
  int64_t start_us = 0;  // from when on the server would let it recover
  uint64_t sent = 0;     // by servers that are gone

  void start();
  void restart();
  void finish();
  uint64_t sent_by_all() const;
};

struct Fault {
  const char *name;
  bool unified;
  void (*strike)(Run &run);
};

std::unique_ptr<Server> started(Config config, int64_t from_ms) {
  config.source = std::make_shared<rtmscheck::Ticker>(1, INT64_MAX, from_ms);
  auto server = std::make_unique<Server>(std::move(config));
  std::string error;
  if (!server->start(&error))
    g_error("%s", error.c_str());
  return server;
}

void Run::start() {
  config.keep_alive_ms = kKeepAliveMs;
  config.stream_id = "reliability";
  server = started(config, 0);
  meter = std::make_unique<Meter>(*server, [this](GstElement *src) {
    gst_util_set_object_arg(G_OBJECT(src), "media-types", "audio+video");
    gst_util_set_object_arg(G_OBJECT(src), "connection-mode", unified ? "unified" : "split");
    g_object_set(src, "keep-alive-timeout", kWatchdogMs, nullptr);
  });
}

// The server fails; another one announces the stream.
void Run::restart() {
  constexpr int64_t kPictureMs = 40, kMissedMs = 1000;
  server->stop();
  sent = sent_by_all();
  server = started(config, meter->counts()["video"].last_number * kPictureMs + kMissedMs);
  g_signal_emit_by_name(meter->src(), "rejoin", server->webhook_json().c_str());
}

void Run::finish() {
  server->end_stream(6);
  meter->wait([](const Meter::Counts &) { return false; }, kPatienceMs);
}

uint64_t Run::sent_by_all() const {
  return sent + server->sent(Media::Audio) + server->sent(Media::Video);
}

void refuse(Run &run, const std::function<void(Config &)> &set,
            const std::function<void(Config &)> &unset, Where where) {
  run.server->configure(set);
  run.server->drop(where, true);
  run.server->wait_for([](const Server &) { return false; }, kRefusedMs);
  run.server->configure(unset);
  run.start_us = g_get_monotonic_time();
}

const Fault kFaults[] = {
    {"media connection closed", false, [](Run &r) { r.server->drop(Media::Video, false); }},
    {"media connection cut", false, [](Run &r) { r.server->drop(Media::Video, true); }},
    {"media connection cut, one for all media", true,
     [](Run &r) { r.server->drop(Media::Video, true); }},
    {"media connection half open (watchdog 2 s)", false,
     [](Run &r) { r.server->silence(Media::Video); }},
    {"media connection half open, event 7 (ping 2 s)", false,
     [](Run &r) {
       r.server->silence(Media::Video);
       r.server->send_signaling(R"({"msg_type":6,"event":{"event_type":7,"timestamp":1}})");
     }},
    {"media connection cut, then HTTP 503 for 2 s", false,
     [](Run &r) {
       refuse(
           r, [](Config &c) { c.upgrade_status_media = 503; },
           [](Config &c) { c.upgrade_status_media = 0; }, Media::Video);
     }},
    {"media connection cut, then status 16 for 2 s", false,
     [](Run &r) {
       refuse(
           r, [](Config &c) { c.status_media[Media::Video] = 16; },
           [](Config &c) { c.status_media.clear(); }, Media::Video);
     }},
    {"signaling connection closed", false, [](Run &r) { r.server->drop(Signaling, false); }},
    {"signaling connection cut", false, [](Run &r) { r.server->drop(Signaling, true); }},
    {"signaling connection half open (watchdog 2 s)", false,
     [](Run &r) { r.server->silence(Signaling); }},
    {"signaling connection cut, then status 8 for 2 s", false,
     [](Run &r) {
       refuse(
           r, [](Config &c) { c.status_signaling = 8; }, [](Config &c) { c.status_signaling = 0; },
           Signaling);
     }},
    {"server gone, rejoin at another", false, [](Run &r) { r.restart(); }},
};

struct Result {
  int tries = 0, survived = 0;
  uint64_t sent = 0, received = 0, disorder = 0;
  std::vector<double> recovery_ms;
};

// From the blow, or from when the server would accept again, to the first picture.
bool recover(Run &run, const Fault &fault, double *took_ms) {
  const PadCount before = run.meter->counts()["video"];
  run.start_us = g_get_monotonic_time();
  const int64_t blow_us = run.start_us;
  fault.strike(run);
  int64_t again_us = 0;
  const bool came = run.meter->wait(
      [&](const Meter::Counts &counts) {
        again_us = counts.at("video").discont_us;
        return again_us > blow_us && counts.at("video").packets > before.packets;
      },
      kPatienceMs);
  *took_ms = static_cast<double>(again_us - run.start_us) / 1000;
  return came;
}

// What comes tells the time.
void wait_pictures(Run &run, uint64_t more) {
  const uint64_t wanted = run.meter->counts()["video"].packets + more;
  run.meter->wait(
      [wanted](const Meter::Counts &counts) {
        return counts.count("audio") && counts.count("video") &&
               counts.at("video").packets >= wanted;
      },
      kPatienceMs);
}

Result measure(const Fault &fault, int tries) {
  static std::minstd_rand random(1);
  Result result;
  Run run;
  run.unified = fault.unified;
  run.start();
  for (; result.tries < tries; result.tries++) {
    wait_pictures(run, 8 + random() % 12);
    double took_ms = 0;
    if (recover(run, fault, &took_ms)) {
      result.survived++;
      result.recovery_ms.push_back(took_ms);
    }
  }
  run.finish();
  result.sent = run.sent_by_all();
  for (const auto &[pad, count] : run.meter->counts()) {
    result.received += count.packets;
    result.disorder += count.disorder;
  }
  std::sort(result.recovery_ms.begin(), result.recovery_ms.end());
  return result;
}

void print(const Fault &fault, const Result &result) {
  const auto &times = result.recovery_ms;
  const double median = times.empty() ? 0 : times[times.size() / 2];
  std::printf("| %s | %d | %d | %" G_GINT64_FORMAT " of %" G_GUINT64_FORMAT
              " | %.2f s | %.2f s |\n",
              fault.name, result.tries, result.survived,
              static_cast<gint64>(result.sent) - static_cast<gint64>(result.received), result.sent,
              median / 1000, (times.empty() ? 0 : times.back()) / 1000);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char *argv[]) {
  gst_init(&argc, &argv);
  const int tries = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 10;
  std::printf(
      "| fault | tried | survived | messages lost | back after (median) | at most |\n"
      "|---|---|---|---|---|---|\n");
  int failures = 0;
  for (const Fault &fault : kFaults) {
    if (argc > 2 && !g_strrstr(fault.name, argv[2]))
      continue;
    const Result result = measure(fault, tries);
    print(fault, result);
    failures += result.survived < tries || result.disorder > 0;
  }
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// soak [MINUTES]: a stream in real time whose connections are killed at random moments, for as long
// as you like. Tells every 10 s how it goes; ends with status 1 when anything was lost that was
// sent.
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "meter.h"

namespace {

using namespace rtmstest;
using rtmsbench::Meter;

constexpr int64_t kReportUs = 10 * G_USEC_PER_SEC;
constexpr int kPatienceMs = 60000;

long resident_kb() {
  long total = 0, resident = 0;
  if (FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &total, &resident) != 2)
      resident = 0;
    std::fclose(file);
  }
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

std::ptrdiff_t descriptors() {
  const std::filesystem::directory_iterator open("/proc/self/fd");
  return std::distance(begin(open), end(open));
}

class Soak {
 public:
  explicit Soak(int64_t minutes) : end_us_(g_get_monotonic_time() + minutes * 60 * G_USEC_PER_SEC) {
    Config config;
    config.source = std::make_shared<rtmscheck::Ticker>();
    server_ = std::make_unique<Server>(config);
    std::string error;
    if (!server_->start(&error))
      g_error("%s", error.c_str());
    meter_ = std::make_unique<Meter>(*server_, [](GstElement *src) {
      gst_util_set_object_arg(G_OBJECT(src), "media-types", "audio+video");
    });
  }

  bool run() {
    while (g_get_monotonic_time() < end_us_ && !meter_->over()) {
      // What comes tells the time.
      const uint64_t wanted = server_->sent(Media::Audio) + 10 + random_() % 200;
      server_->wait_for([=](const Server &s) { return s.sent(Media::Audio) >= wanted; },
                        kPatienceMs);
      kill();
      if (g_get_monotonic_time() - reported_us_ >= kReportUs)
        report();
    }
    server_->end_stream(6);
    meter_->wait([](const Meter::Counts &) { return false; }, kPatienceMs);
    report();
    return whole();
  }

 private:
  void kill() {
    const Where places[] = {Media::Audio, Media::Video, Signaling};
    server_->drop(places[random_() % 3], random_() % 2);
    kills_++;
  }

  void report() {
    reported_us_ = g_get_monotonic_time();
    const Meter::Counts counts = meter_->counts();
    std::printf("%5" PRId64 " s  %" PRIu64 " kills", (reported_us_ - start_us_) / G_USEC_PER_SEC,
                kills_);
    for (const auto &[pad, count] : counts)
      std::printf("  %s %" PRIu64 " of %" PRIu64, pad.c_str(), count.packets,
                  server_->sent(pad == "audio" ? Media::Audio : Media::Video));
    std::printf("  RSS %ld kB  %td descriptors\n", resident_kb(), descriptors());
    std::fflush(stdout);
  }

  bool whole() {
    bool good = meter_->error().empty();
    for (const auto &[pad, count] : meter_->counts()) {
      const uint64_t sent = server_->sent(pad == "audio" ? Media::Audio : Media::Video);
      // A message that is written while its socket is being cut need not arrive.
      good &= count.disorder == 0 && count.packets + kills_ >= sent;
    }
    std::printf("%s%s\n", good ? "Whole." : "NOT whole. ", meter_->error().c_str());
    return good;
  }

  const int64_t start_us_ = g_get_monotonic_time(), end_us_;
  int64_t reported_us_ = start_us_;
  uint64_t kills_ = 0;
  std::minstd_rand random_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Meter> meter_;
};

}  // namespace

int main(int argc, char *argv[]) {
  gst_init(&argc, &argv);
  const int minutes = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 2;
  return Soak(minutes).run() ? EXIT_SUCCESS : EXIT_FAILURE;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Many meetings at once in one process, and what that costs. RTMS_MEETINGS and RTMS_SECONDS say how
// many, and how long, RTMS_FORMAT mkv or mp4.
#include <csignal>

#include <fstream>
#include <sstream>

#include "recorder_run.h"
#include "replay.h"

#include <unistd.h>

namespace {

using namespace rtmscheck;

int64_t number(const char *variable, int64_t otherwise) {
  const char *text = g_getenv(variable);
  return text ? std::atoll(text) : otherwise;
}

std::string proc(int pid, const char *file) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// User and system time, in s.
double cpu_of(int pid) {
  const std::string stat = proc(pid, "stat");
  constexpr int kBefore = 11;  // fields between the name and the times
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < kBefore; i++)
    fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::string status_of(int pid, const std::string &name) {
  const std::string status = proc(pid, "status");
  const std::size_t at = status.find(name + ":");
  return at == std::string::npos
             ? "?"
             : status.substr(at + name.size() + 1, status.find('\n', at) - at - name.size() - 1);
}

}  // namespace

GST_START_TEST(test_many) {
  const auto count = static_cast<std::size_t>(number("RTMS_MEETINGS", 4));
  MeetingOptions options;
  options.duration_ms = number("RTMS_SECONDS", 5) * 1000;
  const auto reel = film(options);
  std::vector<std::unique_ptr<Server>> servers;
  for (std::size_t i = 0; i < count; i++) {
    Config config;
    config.source = std::make_shared<ReelSource>(reel);
    servers.push_back(serve(std::move(config)));
  }
  const char *format = g_getenv("RTMS_FORMAT") ? g_getenv("RTMS_FORMAT") : "mkv";
  RecorderRun run({"--speakers=2", "--format=" + std::string(format)});
  run.url();
  const int pid = run.program().pid();
  for (const auto &server : servers)
    run.announce(*server);
  run.wait_events("recording", count);
  const double cpu = cpu_of(pid);
  const int64_t start_us = g_get_monotonic_time();
  run.wait_events("finished", count, static_cast<int>(options.duration_ms) + 2 * kDeadlineMs);
  const double seconds = static_cast<double>(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
  g_print("%zu meetings, %.0f s: %.0f %% of a core, resident at most%s, last%s\n", count, seconds,
          100 * (cpu_of(pid) - cpu) / seconds, status_of(pid, "VmHWM").c_str(),
          status_of(pid, "VmRSS").c_str());
  ck_assert_msg(contains(run.get("/metrics").body, "rtms_recorder_dropped_total 0\n"), "%s",
                run.get("/metrics").body.c_str());
  run.program().send(SIGTERM);
  run.expect_end();
  const double length = static_cast<double>(options.duration_ms) / 1000;
  ck_assert_uint_eq(run.folders().size(), count);
  for (const std::string &folder : run.folders()) {
    const std::string file = folder + "/meeting." + format;
    expect_recording(file, 4, length);
    const int pictures = tracks_of(file).at("video").packets;
    ck_assert_int_eq(pictures, static_cast<int>(reel->items.at(Media::Video).size()));
  }
  for (const auto &server : servers)
    expect_no_violations(*server);
}
GST_END_TEST;

static Suite *recorder_many_suite() {
  constexpr double kPatienceSeconds = 300;
  Suite *suite = suite_create("recorder_many");
  TCase *tc = tcase_create("many");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_many);
  return suite;
}

GST_CHECK_MAIN(recorder_many)

// SPDX-License-Identifier: LGPL-2.1-or-later
// RTMS_HOURS of a program in fast time (fastclock.cpp), of a service whose clock is 200 ppm fast or
// slow, while cameras are turned off, connections are lost and layouts change: is each frame there,
// and are flashes and beeps together to the end?
#include <algorithm>
#include <cmath>

#include "launch.h"
#include "watcher.h"

namespace {

using namespace rtmscheck;

constexpr int kPpm = 200;
// All repeat each hour, in s from its beginning.
struct Disturbance {
  const char *option, *name;
  double from, to;
};
constexpr Disturbance kDisturbances[] = {{"--off", "video", 500, 530},
                                         {"--outage", "audio", 1100, 1105},
                                         {"--outage", "video", 1700, 1705},
                                         {"--outage", "signaling", 2300, 2305}};
constexpr double kScreenFrom = 2900, kScreenTo = 2910;  // the layout shows the share
constexpr double kHour = 3600;
// The service's start, its clock after hours, and connections that come back.
constexpr double kMargin = 15;

std::vector<std::string> server_arguments(double hours) {
  std::map<std::string, std::string> options;
  for (const Disturbance &one : kDisturbances)
    for (int hour = 0; hour < hours; hour++) {
      std::string &list = options[one.option];
      list += (list.empty() ? "=" : ",") + std::string(one.name) + ":" +
              std::to_string(hour * kHour + one.from) + "-" + std::to_string(hour * kHour + one.to);
    }
  std::vector<std::string> arguments = {g_getenv("RTMS_TEST_SERVER"), "--once",
                                        "--webhook-file=hook.json", "--replay=at-once",
                                        "--duration=" + std::to_string(std::lround(hours * kHour))};
  for (const auto &[option, list] : options)
    arguments.push_back(option + list);
  return arguments;
}

bool is_calm(double at, double end) {
  const double in_hour = std::fmod(at, kHour);
  const auto apart = [&](double from, double to) {
    return in_hour < from - kMargin || in_hour > to + kMargin;
  };
  bool calm = at > kMargin && at < end - kMargin && apart(kScreenFrom, kScreenTo);
  for (const Disturbance &one : kDisturbances)
    calm = calm && apart(one.from, one.to);
  return calm;
}

// A flash is one frame. A service whose clock is fast sends more frames than the program has: at
// 200 ppm, one of 5,000 is left out, and one of 25 of those is a flash. Then there is one frame
// less than usual between the flashes before and after it.
bool is_left_out(const std::vector<double> &flashes, double beep) {
  const auto after = std::lower_bound(flashes.begin(), flashes.end(), beep);
  if (after == flashes.begin() || after == flashes.end())
    return false;
  constexpr double kFrame = 0.04;
  const double apart = *after - *std::prev(after);
  return std::fabs(apart - (2 - kFrame)) < kFrame / 4;
}

// Each beep has its flash, and follows the one before after a second of the service.
void expect_together(const Watched &watched, int ppm) {
  const Moments found = flashes_and_beeps(watched);
  const double end = static_cast<double>(watched.frames.size()) / 25;
  const double second = 1 / (1 + ppm / 1e6);
  double furthest = 0, last = 0;
  int pairs = 0, irregular = 0, apart = 0, left_out = 0;
  for (const double beep : found.beeps) {
    const double before = std::exchange(last, beep);
    if (!is_calm(beep, end) || !is_calm(before, end))
      continue;
    if (std::fabs(beep - before - second) >= 0.03) {
      g_print("%+d ppm: a beep at %f s, then at %f s\n", ppm, before, beep);
      irregular++;
    }
    double nearest = INFINITY;
    for (auto flash = std::lower_bound(found.flashes.begin(), found.flashes.end(), beep - 0.5);
         flash != found.flashes.end() && *flash < beep + 0.5; ++flash)
      nearest = std::fabs(*flash - beep) < std::fabs(nearest) ? *flash - beep : nearest;
    if (std::isinf(nearest) && is_left_out(found.flashes, beep)) {
      left_out++;
      continue;
    }
    if (std::fabs(nearest) >= 0.04) {
      g_print("%+d ppm: a beep at %f s, a flash %f s later\n", ppm, beep, nearest);
      apart++;
      continue;
    }
    furthest = std::max(furthest, std::fabs(nearest));
    pairs++;
  }
  g_print(
      "%+d ppm: %zu frames, none missing; %d flashes and beeps, %.0f ms apart at most; %d flashes "
      "in "
      "frames of the service that the program leaves out\n",
      ppm, watched.frames.size(), pairs, furthest * 1000, left_out);
  ck_assert_int_eq(irregular, 0);
  ck_assert_int_eq(apart, 0);
  const double frames_left_out = std::max(end * 25 * ppm / 1e6, 0.0);
  ck_assert_int_le(left_out, static_cast<int>(std::ceil(2 * frames_left_out / 25)));
  // 180 s of each hour are disturbed, with the margins.
  ck_assert_int_gt(pairs, static_cast<int>(end * 0.9) - 2 * static_cast<int>(kMargin));
}

}  // namespace

GST_START_TEST(test_hours) {
  const int ppm = __i__ ? kPpm : -kPpm;
  const char *text = g_getenv("RTMS_HOURS");
  const double hours = text ? g_ascii_strtod(text, nullptr) : 4;
  const double rate = g_ascii_strtod(g_getenv("RTMS_CLOCK_RATE"), nullptr);
  TemporaryDirectory directory;
  Program server({server_arguments(hours),
                  directory.path(),
                  {{"RTMS_CLOCK_RATE", std::to_string(rate * (1 + ppm / 1e6))},
                   {"ZM_RTMS_CLIENT", "test-client"},
                   {"ZM_RTMS_SECRET", "test-secret"}}});
  server.wait_output("listening: ", "\n");
  Watcher watcher([&](GstElement *program) {
    g_object_set(program, "webhook-location", directory.file("hook.json").c_str(), "client-id",
                 "test-client", "client-secret", "test-secret", "width", 320, "height", 180,
                 nullptr);
    set(program, "layout", "camera");
    // A machine that is busy for half a second is so for six of this time.
    constexpr guint kLatencyMs = 10000;
    gst_child_proxy_set(GST_CHILD_PROXY(program), "source::latency", kLatencyMs, nullptr);
  });
  watcher.play();
  constexpr int kPatienceMs = 4000 * 1000;
  for (int hour = 0; hour < hours; hour++) {
    if (hour * kHour + kScreenTo > hours * kHour)
      break;
    ck_assert(watcher.wait_seconds(hour * kHour + kScreenFrom, kPatienceMs));
    set(watcher.program(), "layout", "screen");
    ck_assert(watcher.wait_seconds(hour * kHour + kScreenTo, kPatienceMs));
    set(watcher.program(), "layout", "camera");
    g_print("%+d ppm: %d h of %.1f h\n", ppm, hour + 1, hours);
  }
  watcher.wait_eos(kPatienceMs);
  expect_constant(watcher.watched());
  expect_together(watcher.watched(), ppm);
  ck_assert_msg(server.wait(kDeadlineMs) && server.succeeded(), "%s", server.output().c_str());
}
GST_END_TEST;

static Suite *programhours_suite() {
  Suite *suite = suite_create("programhours");
  for (const char *name : {"slow", "fast"}) {
    TCase *one = tcase_create(name);
    tcase_set_timeout(one, 0);
    const int number = g_str_equal(name, "fast") ? 1 : 0;
    tcase_add_loop_test(one, test_hours, number, number + 1);
    suite_add_tcase(suite, one);
  }
  return suite;
}

GST_CHECK_MAIN(programhours)

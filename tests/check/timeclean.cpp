// SPDX-License-Identifier: LGPL-2.1-or-later
// Thousands of meetings whose timestamps are right, on networks that are not: nothing is moved.
#include "meetingsim.h"

#include <gst/check/gstcheck.h>

#include <cmath>
#include <cstdlib>

using namespace rtmscheck;

namespace {

constexpr int kMeetings = 2000, kLoops = 20;

// Under valgrind there is no time for all of them.
int meetings() {
  const char *factor = g_getenv("CK_TIMEOUT_MULTIPLIER");
  return std::max(kMeetings / (factor ? std::max(std::atoi(factor), 1) : 1), kLoops);
}

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  double between(double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random_);
  }
  int number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool one_in(double n) { return between(0, n) < 1; }

 private:
  std::mt19937 random_;
};

SimOptions random_options(Chance *chance, unsigned seed) {
  SimOptions options;
  options.seed = seed;
  options.seconds = chance->number(30, 150);
  options.participants = chance->one_in(2);
  options.video = !chance->one_in(5);
  options.screen = chance->one_in(3);
  options.chat = chance->one_in(2);
  options.unified = chance->one_in(3);
  options.backlog_seconds = chance->one_in(3) ? chance->number(1, 60) : 0;
  options.ppm = chance->one_in(3) ? chance->number(-200, 200) : 0;
  return options;
}

// Connections that are held up, or lost: what has waited comes at once, or faster than real time.
void disturb(SimMeeting *meeting, Chance *chance, const SimOptions &options) {
  double at = chance->one_in(2) ? 0 : 1;
  for (int i = chance->number(0, 8); i > 0; i--) {
    at += chance->between(0, options.seconds / 4.0);
    const double length = chance->one_in(2) ? chance->between(0.1, 3) : chance->between(2, 15);
    const int pad = chance->number(0, static_cast<int>(meeting->pads().size()) - 1);
    const bool lost = chance->one_in(3);
    const double pace = chance->one_in(3) ? 0 : chance->between(1.1, 10);
    meeting->hold_up(
        {meeting->pads()[static_cast<std::size_t>(pad)].connection, at, at + length, pace, lost});
    at += length;
  }
}

// Nobody speaks, a camera is off.
void silence(SimMeeting *meeting, Chance *chance, const SimOptions &options, int most) {
  for (const SimPad &pad : meeting->pads()) {
    for (int i = chance->one_in(2) ? chance->number(1, most) : 0; i > 0; i--) {
      const double from = chance->between(-10, options.seconds);
      meeting->remove(pad.name, from, from + chance->between(0.3, 30));
    }
  }
}

void expect_nothing_moved(const SimMeeting &meeting, bool backlog, unsigned seed) {
  for (const SimMessage &message : meeting.play(backlog))
    if (message.decision.any() || message.discont)
      ck_abort_msg("seed %u: %s", seed, to_string(message, meeting).c_str());
}

}  // namespace

GST_START_TEST(test_real_time) {
  const int many = meetings() / kLoops;
  for (int i = __i__ * many; i < (__i__ + 1) * many; i++) {
    const auto seed = static_cast<unsigned>(i);
    Chance chance(seed);
    const SimOptions options = random_options(&chance, seed);
    SimMeeting meeting(options);
    if (options.backlog_seconds)
      meeting.hold_up({0, -100, 0, chance.one_in(3) ? 0 : chance.between(1, 20)});
    disturb(&meeting, &chance, options);
    silence(&meeting, &chance, options, 3);
    expect_nothing_moved(meeting, options.backlog_seconds > 0 || chance.one_in(3), seed);
  }
}
GST_END_TEST;

// As fast as a server can, with pauses in which nothing is captured.
GST_START_TEST(test_full_speed) {
  const int many = meetings() / kLoops;
  for (int i = __i__ * many; i < (__i__ + 1) * many; i++) {
    const auto seed = static_cast<unsigned>(i);
    Chance chance(seed);
    SimOptions options = random_options(&chance, seed);
    options.backlog_seconds = 0;
    options.speed = std::exp(chance.between(0.7, 6));
    SimMeeting meeting(options);
    silence(&meeting, &chance, options, 1);
    expect_nothing_moved(meeting, chance.one_in(2), seed);
  }
}
GST_END_TEST;

static Suite *timeclean_suite(void) {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("timeclean");
  TCase *tc = tcase_create("timeclean");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_real_time, 0, kLoops);
  tcase_add_loop_test(tc, test_full_speed, 0, kLoops);
  return suite;
}

GST_CHECK_MAIN(timeclean)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The program makes its output while it plays, and at no other time.
#include "watcher.h"

namespace {

using namespace rtmscheck;

constexpr int kAWhile_ms = 500;

// Waits for a meeting in the first case, and receives one in the second.
Setup meeting_or_none(const Server *server) {
  return [server](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret", nullptr);
    if (server)
      g_object_set(program, "webhook", server->webhook_json().c_str(), nullptr);
    else
      g_object_set(program, "webhook-listen", "http://127.0.0.1:0/webhook", "webhook-secret-token",
                   "token", nullptr);
  };
}

std::unique_ptr<Server> endless_meeting() {
  MeetingOptions options;
  options.duration_ms = 0;
  Config config;
  config.source = make_meeting(options);
  config.strict = false;  // the client leaves
  return serve(std::move(config));
}

std::size_t outputs(const Watched &watched) {
  return watched.frames.size() + watched.blocks.size();
}

// What has left the program is not from the future, where no media can be yet.
void expect_on_time(Watcher &watcher) {
  // The timeline of a meeting is this exact.
  constexpr GstClockTime kExact = 200 * GST_MSECOND;
  const GstClockTime now = gst_element_get_current_running_time(watcher.pipeline());
  watcher.stop();
  expect_constant(watcher.watched());
  if (!in_real_time())
    return;
  ck_assert_uint_le(watcher.watched().frames.back().pts, now + kExact);
  ck_assert_uint_le(watcher.watched().blocks.back().pts, now + kExact);
}

void change_state(Watcher &watcher, GstState state) {
  ck_assert_int_eq(gst_element_set_state(watcher.pipeline(), state), GST_STATE_CHANGE_NO_PREROLL);
}

}  // namespace

// A pipeline gives its elements a clock first, and the time at which it starts later. On a busy
// machine, there is time in between.
GST_START_TEST(test_clock_before_start) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  for (int run = 0; run < 2; run++) {
    change_state(watcher, GST_STATE_PAUSED);
    Ptr<GstClock, gst_object_unref> clock(gst_system_clock_obtain());
    ck_assert(gst_element_set_clock(watcher.program(), clock.get()));
    // Wakes the mixers.
    g_object_set(watcher.program(), "latency", 300 + run, nullptr);
    ck_assert(!watcher.wait([](const Watched &w) { return outputs(w) > 0; }, kAWhile_ms));
    watcher.play();
    ck_assert(watcher.wait_seconds(1));
    expect_on_time(watcher);
    watcher.clear();
  }
}
GST_END_TEST;

// Nothing is made in PAUSED, and nothing is missing afterwards.
GST_START_TEST(test_pause) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  watcher.play();
  ck_assert(watcher.wait_seconds(1));
  change_state(watcher, GST_STATE_PAUSED);
  std::size_t before = 0;
  watcher.wait([&](const Watched &w) { return (before = outputs(w)) == 0; }, 0);
  // A frame and a block may be on their way.
  ck_assert(!watcher.wait([&](const Watched &w) { return outputs(w) > before + 2; }, kAWhile_ms));
  watcher.play();
  ck_assert(watcher.wait_seconds(2));
  expect_on_time(watcher);
}
GST_END_TEST;

// EOS before the program plays ends it as soon as it plays.
GST_START_TEST(test_eos_in_paused) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  change_state(watcher, GST_STATE_PAUSED);
  watcher.wait([](const Watched &) { return false; }, kAWhile_ms);
  ck_assert(gst_element_send_event(watcher.program(), gst_event_new_eos()));
  watcher.wait([](const Watched &) { return false; }, kAWhile_ms);
  watcher.play();
  watcher.wait_eos();
}
GST_END_TEST;

static Suite *rtmsprogram_states_suite() {
  Suite *suite = suite_create("rtmsprogram_states");
  add_case(suite, "clock-before-start", test_clock_before_start, 2);
  add_case(suite, "pause", test_pause, 2);
  add_case(suite, "eos-in-paused", test_eos_in_paused, 2);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_states)

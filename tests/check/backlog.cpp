// SPDX-License-Identifier: LGPL-2.1-or-later
// How long other media wait for the first audio. The clock is the test's own.
#include "output/backlog.h"

#include "../fuzz/fakeclock.h"
#include "gst_check.h"

namespace {

using namespace rtms;
using rtmsfuzz::advance;

constexpr unsigned kConnectWait_ms = 12000;

class Waiting {
 public:
  explicit Waiting(unsigned connect_wait_ms = kConnectWait_ms)
      : backlog(0, connect_wait_ms, [this] { over = true; }) {
    rtmsfuzz::reset_clock();
  }
  void hold() {
    MediaData data;
    data.media = Media::Video;
    data.payload = "frame";
    ck_assert(backlog.hold(data));
  }
  // Waits for so long, and for no longer.
  void expect_over_after(int64_t ms) {
    advance(ms - 10);
    ck_assert_msg(!over, "over before %d ms", static_cast<int>(ms));
    advance(20);
    ck_assert_msg(over, "not over after %d ms", static_cast<int>(ms));
  }

  bool over = false;
  Backlog backlog;
};

}  // namespace

GST_START_TEST(test_connected) {
  Waiting waiting;
  waiting.backlog.connecting();
  waiting.backlog.connected();
  waiting.hold();
  waiting.expect_over_after(5000);
}
GST_END_TEST;

// Neither rounded up, nor shorter than without.
GST_START_TEST(test_connecting) {
  for (unsigned connect_wait_ms : {0U, 6000U, kConnectWait_ms}) {
    Waiting waiting(connect_wait_ms);
    waiting.backlog.connecting();
    waiting.hold();
    waiting.expect_over_after(std::max(5000U, connect_wait_ms));
  }
}
GST_END_TEST;

GST_START_TEST(test_connected_later) {
  Waiting waiting;
  waiting.backlog.connecting();
  waiting.hold();
  advance(8000);
  waiting.backlog.connected();
  waiting.expect_over_after(5000);
}
GST_END_TEST;

// Lost before its first audio: the service has it still.
GST_START_TEST(test_lost) {
  Waiting waiting;
  waiting.hold();
  advance(1000);
  waiting.backlog.connecting();
  waiting.expect_over_after(kConnectWait_ms - 1000);
}
GST_END_TEST;

// A connection that comes and goes holds up nothing for ever.
GST_START_TEST(test_again_and_again) {
  constexpr int kEach_ms = 2000, kTimes = 8;
  Waiting waiting;
  waiting.backlog.connecting();
  waiting.hold();
  for (int i = 0; i < kTimes; i++) {
    ck_assert(!waiting.over);
    waiting.backlog.connected();
    advance(kEach_ms);
    if (i + 1 < kTimes)
      waiting.backlog.connecting();
  }
  waiting.expect_over_after(kConnectWait_ms + 5000 - kTimes * kEach_ms);
}
GST_END_TEST;

static Suite *backlog_suite() {
  Suite *suite = suite_create("backlog");
  TCase *tcase = tcase_create("wait");
  tcase_add_test(tcase, test_connected);
  tcase_add_test(tcase, test_connecting);
  tcase_add_test(tcase, test_connected_later);
  tcase_add_test(tcase, test_lost);
  tcase_add_test(tcase, test_again_and_again);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(backlog)

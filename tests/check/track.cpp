// SPDX-License-Identifier: LGPL-2.1-or-later
// One pad's positions: out of order, jumping clocks, cameras that were off.
#include "media/track.h"

#include "gst_check.h"

using namespace rtms;

namespace {

constexpr int64_t kMs = 1000 * 1000;
constexpr int64_t kStart_ms = 1738392033699;

// A pad and its stream; times in ms since the stream's start.
struct Pad {
  explicit Pad(Timeline *t) : timeline(t) {
    if (!t->anchored())
      t->anchor(kStart_ms, 0);
  }
  Track::Stamp at(int64_t unix_ms, int64_t running_ms, int64_t newest_ms) {
    return track.stamp(timeline, unix_ms, running_ms * kMs, newest_ms * kMs);
  }
  Track::Stamp in_time(int64_t ms) { return at(kStart_ms + ms, ms, ms); }

  Timeline *timeline;
  Track track;
};

void expect(const Track::Stamp &stamp, int64_t position_ms, bool discont) {
  assert_equals_int64(stamp.position_ns / kMs, position_ms);
  assert_equals_int(stamp.discont, discont);
}

}  // namespace

GST_START_TEST(test_never_back) {
  Timeline timeline;
  Pad pad(&timeline);
  expect(pad.in_time(0), 0, false);
  expect(pad.in_time(40), 40, false);
  expect(pad.at(kStart_ms + 20, 60, 40), 40, false);   // out of order
  expect(pad.at(kStart_ms + 40, 80, 40), 40, false);   // twice
  expect(pad.at(kStart_ms - 500, 90, 40), 40, false);  // from before the start
  expect(pad.in_time(120), 120, false);
}
GST_END_TEST;

// Muxers take no two pictures of the same time.
GST_START_TEST(test_pictures_are_apart) {
  Timeline timeline;
  Pad pad(&timeline);
  pad.track = Track(kMs);
  expect(pad.in_time(0), 0, false);
  expect(pad.in_time(40), 40, false);
  expect(pad.at(kStart_ms + 40, 80, 40), 41, false);
  expect(pad.at(kStart_ms + 20, 90, 40), 42, false);
  expect(pad.in_time(120), 120, false);
}
GST_END_TEST;

GST_START_TEST(test_clock_jumps_back) {
  Timeline timeline;
  Pad audio(&timeline), video(&timeline);
  audio.in_time(5000);
  video.in_time(5000);
  const int64_t hour_ms = 3600 * 1000;
  // It goes on where it is; the other media find the new clock in place, without a jump of their
  // own.
  expect(audio.at(kStart_ms + 5020 - hour_ms, 5020, 5000), 5020, true);
  expect(video.at(kStart_ms + 5040 - hour_ms, 5040, 5020), 5040, false);
  // A straggler by the old clock stays where it belongs.
  Pad screen(&timeline);
  screen.track = video.track;
  expect(screen.at(kStart_ms + 5060, 5060, 5040), 5060, false);
  expect(audio.at(kStart_ms + 5080 - hour_ms, 5080, 5040), 5080, false);
}
GST_END_TEST;

GST_START_TEST(test_clock_jumps_forward) {
  Timeline timeline;
  Pad audio(&timeline), video(&timeline);
  audio.in_time(5000);
  video.in_time(5000);
  expect(audio.at(kStart_ms + 5020 + 60000, 5020, 5000), 5020, true);
  expect(video.at(kStart_ms + 5040 + 60000, 5040, 5020), 5040, false);
}
GST_END_TEST;

// Neither a camera that was off for a minute nor a pause of everything is a jump.
GST_START_TEST(test_gaps_are_no_jumps) {
  Timeline timeline;
  Pad video(&timeline);
  video.in_time(1000);
  expect(video.in_time(61000), 61000, false);
  // Served faster than real time: the other media have come as far.
  expect(video.at(kStart_ms + 121000, 61010, 120000), 121000, false);
  // 9 s ahead of everything is still believed.
  expect(video.at(kStart_ms + 130000, 61020, 121000), 130000, false);
}
GST_END_TEST;

GST_START_TEST(test_full_speed) {
  Timeline timeline;
  Pad audio(&timeline);
  for (int64_t i = 0; i < 100000; i++)
    expect(audio.at(kStart_ms + 20 * i, i / 100, 20 * i - 20), 20 * i, false);
}
GST_END_TEST;

static Suite *track_suite(void) {
  Suite *suite = suite_create("track");
  TCase *tc = tcase_create("track");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_never_back);
  tcase_add_test(tc, test_pictures_are_apart);
  tcase_add_test(tc, test_clock_jumps_back);
  tcase_add_test(tc, test_clock_jumps_forward);
  tcase_add_test(tc, test_gaps_are_no_jumps);
  tcase_add_test(tc, test_full_speed);
  return suite;
}

GST_CHECK_MAIN(track)

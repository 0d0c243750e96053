// SPDX-License-Identifier: LGPL-2.1-or-later
// One pad's positions: out of order, other clocks, cameras that were off, texts.
#include "time/track.h"

#include <gst/check/gstcheck.h>

#include <random>

using namespace rtms;

namespace {

using What = TimeDecision::What;

constexpr int64_t kMs = 1000 * 1000;
constexpr int64_t kStart_ms = 1738392033699;

struct Stream {
  explicit Stream(bool backlog = false) : set(&timeline, backlog) {}
  Timeline timeline;
  TrackSet set;
};

// A pad of a stream; times in ms since the stream's start.
struct Pad {
  Pad(Stream *its_stream, std::optional<TrackClock::Kind> kind, int64_t step_ns = 0)
      : stream(its_stream), text(!kind), track(&its_stream->set, kind, step_ns) {}
  Track::Stamp at(int64_t says_ms, int64_t running_ms) {
    const int64_t unix_ms = kStart_ms + says_ms, running_ns = running_ms * kMs;
    if (track.needs_anchor(unix_ms, running_ns))
      anchor(says_ms, running_ms);
    return track.stamp(unix_ms, running_ns);
  }
  void anchor(int64_t says_ms, int64_t running_ms) {
    stream->timeline.anchor(track.anchor_ms(kStart_ms + says_ms), running_ms * kMs);
    stream->set.anchored(running_ms * kMs, text);
  }
  // From `from_ms` to `to_ms`, one message each `step_ms`, whose clock is off by `off_ms`.
  void go_on(int64_t from_ms, int64_t to_ms, int64_t step_ms = 20, int64_t off_ms = 0) {
    for (int64_t ms = from_ms; ms < to_ms; ms += step_ms)
      last = at(ms + off_ms, ms);
  }

  Stream *stream;
  const bool text;
  Track track;
  Track::Stamp last;
};

constexpr auto kMix = TrackClock::Kind::Mix;
constexpr auto kVideo = TrackClock::Kind::Video;

void expect(const Track::Stamp &stamp, int64_t position_ms, What what = What::None) {
  assert_equals_int64(stamp.position_ns / kMs, position_ms);
  ck_assert_msg(stamp.decision.what == what, "%s", to_text(stamp.decision).c_str());
}

}  // namespace

GST_START_TEST(test_never_back) {
  Stream stream;
  Pad pad(&stream, kMix);
  expect(pad.at(0, 0), 0);
  expect(pad.at(40, 40), 40);
  expect(pad.at(20, 60), 40);    // out of order
  expect(pad.at(40, 80), 40);    // twice
  expect(pad.at(-500, 90), 40);  // from before the start
  expect(pad.at(120, 120), 120);
}
GST_END_TEST;

// Muxers take no two pictures of the same time.
GST_START_TEST(test_pictures_are_apart) {
  Stream stream;
  Pad pad(&stream, kVideo, kMs);
  expect(pad.at(0, 0), 0);
  expect(pad.at(40, 40), 40);
  expect(pad.at(40, 80), 41);
  expect(pad.at(20, 90), 42);
  expect(pad.at(120, 120), 120);
}
GST_END_TEST;

static const int64_t kJumps_ms[] = {-3600000, -5000, -1500, 1500, 5000, 3600000};

// One message is odd, and nothing follows from it.
GST_START_TEST(test_one_odd) {
  const int64_t by_ms = kJumps_ms[__i__];
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo);
  for (int64_t ms = 0; ms < 5000; ms += 20) {
    audio.at(ms, ms);
    video.at(ms, ms);
  }
  expect(audio.at(5000 + by_ms, 5000), 5000, What::Odd);
  expect(video.at(5000, 5000), 5000);
  expect(audio.at(5020, 5020), 5020, What::Alone);
  expect(audio.at(5040, 5040), 5040);
}
GST_END_TEST;

// The clock of a track jumps: it goes on where it is, and the others do not notice.
GST_START_TEST(test_one_jumps) {
  const int64_t by_ms = kJumps_ms[__i__];
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo), chat(&stream, std::nullopt);
  for (int64_t ms = 0; ms < 5000; ms += 20) {
    audio.at(ms, ms);
    video.at(ms, ms);
  }
  expect(video.at(5000 + by_ms, 5000), 5000, What::Odd);
  expect(video.at(5020 + by_ms, 5020), 5020, What::Jumped);
  for (int64_t ms = 5040; ms < 20000; ms += 20) {
    expect(audio.at(ms, ms), ms);
    expect(video.at(ms + by_ms, ms), ms);
  }
  expect(chat.at(20000, 20000), 20000);
  // And back.
  expect(video.at(20000, 20000), 20000, What::Known);
  expect(video.at(20020, 20020), 20020);
}
GST_END_TEST;

// All say the same: the common mapping moves, so that texts go along.
GST_START_TEST(test_all_jump) {
  const int64_t by_ms = kJumps_ms[__i__];
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo), chat(&stream, std::nullopt);
  for (int64_t ms = 0; ms < 5000; ms += 20) {
    audio.at(ms, ms);
    video.at(ms, ms);
  }
  expect(audio.at(5000 + by_ms, 5000), 5000, What::Odd);
  expect(audio.at(5020 + by_ms, 5020), 5020, What::Jumped);
  expect(video.at(5020 + by_ms, 5020), 5020, What::Known);
  int64_t common_ms = 0;
  for (int64_t ms = 5040; ms < 8000; ms += 20) {
    for (Pad *pad : {&audio, &video}) {
      const Track::Stamp stamp = pad->at(ms + by_ms, ms);
      expect(stamp, ms);
      common_ms += stamp.decision.common_ns / kMs;
    }
  }
  assert_equals_int64(common_ms, -by_ms);
  expect(chat.at(8000 + by_ms, 8000), 8000);
  // A straggler by the old clock stays where it belongs.
  Pad screen(&stream, TrackClock::Kind::Screen);
  expect(screen.at(8000 + by_ms, 8000), 8000);
}
GST_END_TEST;

// Neither a camera that was off for a minute nor a pause of everything is a jump.
GST_START_TEST(test_gaps_are_no_jumps) {
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo);
  audio.at(1000, 1000);
  expect(video.at(1000, 1000), 0);
  audio.at(61000, 61000);
  expect(video.at(61000, 61000), 60000);
}
GST_END_TEST;

// A connection that is held up is late, and catches up.
GST_START_TEST(test_held_up) {
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo);
  for (int64_t ms = 0; ms < 60000; ms += 20) {
    expect(video.at(ms, ms), ms);
    expect(audio.at(ms, std::max<int64_t>(ms, ms < 30000 ? 0 : 40000)), ms);
  }
}
GST_END_TEST;

GST_START_TEST(test_full_speed) {
  Stream stream;
  Pad audio(&stream, kMix);
  for (int64_t i = 0; i < 100000; i++)
    expect(audio.at(20 * i, i / 100), 20 * i);
}
GST_END_TEST;

// A pause of 3 s, and then the timestamps go on: it is late for good, until it is moved.
GST_START_TEST(test_pause_of_the_sender) {
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo);
  for (int64_t ms = 0; ms < 20000; ms += 20) {
    video.at(ms, ms);
    if (ms < 5000)
      expect(audio.at(ms, ms), ms);
    else if (ms >= 8000 && ms < 12000)
      expect(audio.at(ms - 3000, ms), ms - 3000);
    else if (ms >= 12000)
      expect(audio.at(ms - 3000, ms), ms, ms == 12000 ? What::Moved : What::None);
  }
}
GST_END_TEST;

// Texts may be old, and move nobody; a text from the future waits for nobody either.
GST_START_TEST(test_texts) {
  Stream stream;
  Pad audio(&stream, kMix), chat(&stream, std::nullopt);
  audio.go_on(0, 10000);
  expect(chat.at(10000, 10000), 10000);
  expect(chat.at(4000, 10100), 10000);
  expect(chat.at(10200, 10200), 10200);
  expect(chat.at(70000, 10300), 10300, What::Odd);
  expect(audio.at(10020, 10020), 10020);
  expect(chat.at(10400, 10400), 10400);
}
GST_END_TEST;

// An edit of an old message is the first that comes.
GST_START_TEST(test_old_text_first) {
  Stream stream;
  Pad audio(&stream, kMix), chat(&stream, std::nullopt);
  chat.at(-600000, 1000);
  ck_assert(audio.track.needs_anchor(kStart_ms + 1500, 1500 * kMs));
  expect(audio.at(1500, 1500), 601500);
  assert_equals_int64(stream.timeline.segment().start, 600000 * kMs);
  ck_assert(!audio.track.needs_anchor(kStart_ms + 1520, 1520 * kMs));
}
GST_END_TEST;

// A text from the future is the first: audio plays when it arrives.
GST_START_TEST(test_new_text_first) {
  Stream stream;
  Pad audio(&stream, kMix), chat(&stream, std::nullopt);
  expect(chat.at(60000, 1000), 0);
  const Track::Stamp stamp = audio.at(1500, 1500);
  expect(stamp, 500);
  assert_equals_int64(stamp.decision.common_ns, 59000 * kMs);
  expect(audio.at(1520, 1520), 520);
}
GST_END_TEST;

// The pipeline pauses for a minute: positions go on, delays begin anew, and a track stays on its
// offset.
GST_START_TEST(test_resume) {
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo);
  for (int64_t ms = 0; ms < 5000; ms += 20) {
    audio.at(ms, ms);
    video.at(ms - (ms < 2000 ? 0 : 5000), ms);
  }
  video.anchor(60000, 5000);
  expect(video.at(60000, 5000), 65000);
  expect(audio.at(65000, 5000), 65000);
  expect(video.at(60020, 5020), 65020);
}
GST_END_TEST;

// A clock that is ahead, of the media that come first after a pause, moves no others.
GST_START_TEST(test_resume_ahead) {
  constexpr int64_t kAhead_ms = 5000, kPause_ms = 10000;
  Stream stream;
  Pad audio(&stream, kMix), video(&stream, kVideo);
  for (int64_t ms = 0; ms < 20000; ms += 20) {
    audio.at(ms, ms);
    video.at(ms + (ms < 2000 ? 0 : kAhead_ms), ms);
  }
  const int64_t resumed_ms = 20000;
  video.anchor(resumed_ms + kPause_ms + kAhead_ms, resumed_ms);
  const int64_t apart_ms = (video.at(resumed_ms + kPause_ms + kAhead_ms, resumed_ms).position_ns -
                            audio.at(resumed_ms + kPause_ms, resumed_ms).position_ns) /
                           kMs;
  ck_assert_int_lt(std::abs(apart_ms), 100);
  for (int64_t ms = resumed_ms + 20; ms < resumed_ms + 12000; ms += 20) {
    const auto heard = audio.at(ms + kPause_ms, ms),
               seen = video.at(ms + kPause_ms + kAhead_ms, ms);
    ck_assert_msg(heard.decision.what == What::None, "%s", to_text(heard.decision).c_str());
    ck_assert_int_lt(std::abs(heard.position_ns - seen.position_ns), 100 * kMs);
  }
}
GST_END_TEST;

// The connection is away for ten seconds. Who spoke before has nothing in what is replayed, in real
// time; somebody else has: that is not another clock, however long it takes.
GST_START_TEST(test_new_speaker_in_replay) {
  constexpr int64_t kLost_ms = 8000, kAway_ms = 10000;
  Stream stream;
  Pad one(&stream, TrackClock::Kind::Participant), video(&stream, kVideo);
  for (int64_t ms = 0; ms < kLost_ms; ms += 20) {
    one.at(ms, ms);
    video.at(ms, ms);
  }
  one.track.lost();
  Pad other(&stream, TrackClock::Kind::Participant);
  for (int64_t ms = kLost_ms; ms < 40000; ms += 20) {
    video.at(ms, ms);
    if (ms >= kLost_ms + kAway_ms)
      expect(other.at(ms - kAway_ms, ms), ms - kAway_ms);
  }
  expect(one.at(30020, 40020), 30020);
}
GST_END_TEST;

// Whatever the server says: positions never go back, nothing overflows.
GST_START_TEST(test_nonsense) {
  std::mt19937 random(static_cast<unsigned>(__i__));
  const int64_t absurd[] = {0, 1, 100000000000, 9000000000000, kStart_ms, kStart_ms + 5000};
  Stream stream(__i__ % 2);
  Pad pads[] = {{&stream, kMix},
                {&stream, kVideo, kMs},
                {&stream, TrackClock::Kind::Participant},
                {&stream, std::nullopt}};
  int64_t last_ns[4] = {};
  for (int64_t ms = 0; ms < 20000; ms += 1 + random() % 40) {
    const std::size_t which = random() % 4;
    if (random() % 500 == 0)
      pads[which].track.lost();
    if (random() % 1000 == 0)
      pads[which].anchor(ms, ms);
    const int64_t unix_ms = random() % 3 ? kStart_ms + ms : absurd[random() % 6];
    const Track::Stamp stamp = pads[which].at(unix_ms - kStart_ms, ms);
    if (stamp.position_ns < last_ns[which])
      ck_abort_msg("back at %d ms", static_cast<int>(ms));
    last_ns[which] = stamp.position_ns;
    to_text(stamp.decision);
  }
}
GST_END_TEST;

static Suite *track_suite(void) {
  constexpr int kNonsense = 200;
  Suite *suite = suite_create("track");
  TCase *tc = tcase_create("track");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_never_back);
  tcase_add_test(tc, test_pictures_are_apart);
  tcase_add_loop_test(tc, test_one_odd, 0, (int) G_N_ELEMENTS(kJumps_ms));
  tcase_add_loop_test(tc, test_one_jumps, 0, (int) G_N_ELEMENTS(kJumps_ms));
  tcase_add_loop_test(tc, test_all_jump, 0, (int) G_N_ELEMENTS(kJumps_ms));
  tcase_add_test(tc, test_gaps_are_no_jumps);
  tcase_add_test(tc, test_held_up);
  tcase_add_test(tc, test_full_speed);
  tcase_add_test(tc, test_pause_of_the_sender);
  tcase_add_test(tc, test_texts);
  tcase_add_test(tc, test_old_text_first);
  tcase_add_test(tc, test_new_text_first);
  tcase_add_test(tc, test_resume);
  tcase_add_test(tc, test_resume_ahead);
  tcase_add_test(tc, test_new_speaker_in_replay);
  tcase_add_loop_test(tc, test_nonsense, 0, kNonsense);
  return suite;
}

GST_CHECK_MAIN(track)

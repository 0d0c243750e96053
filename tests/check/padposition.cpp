// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes too late for its place: where it goes, and how soon the pad is right again.
#include "pad/padposition.h"

#include "gst_check.h"

#include <random>
#include <vector>

using namespace rtms;

namespace {

constexpr GstClockTime kMs = GST_MSECOND;
constexpr GstClockTime kPacket = 20 * kMs;

BufferPtr new_buffer(GstClockTime pts, GstClockTime duration) {
  BufferPtr buffer(gst_buffer_new());
  GST_BUFFER_PTS(buffer.get()) = pts;
  GST_BUFFER_DURATION(buffer.get()) = duration;
  return buffer;
}

struct Packet {
  GstClockTime captured, pts;
  bool discont;
};

// A pad of audio: what is pushed of its packets.
class Audio {
 public:
  void gap_until(GstClockTime running) { ck_assert(position_.gap_until(running, 0) != nullptr); }
  // From now on, the position `start` plays at the running time `base`.
  void segment(GstClockTime start, GstClockTime base) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = start;
    segment.base = base;
    EventPtr event(gst_event_new_segment(&segment));
    position_.set_segment(event.get());
  }
  GstClockTime end() const { return position_.end(); }
  void packets(GstClockTime from, GstClockTime until) {
    for (GstClockTime at = from; at < until; at += kPacket)
      packet(at);
  }
  void packet(GstClockTime at) {
    const BufferPtr buffer = new_buffer(at, kPacket);
    const PadPosition::Placed placed = position_.place(buffer.get());
    if (placed.too_late)
      dropped++;
    else
      pushed.push_back({at, GST_BUFFER_PTS(buffer.get()), placed.discont});
  }
  void expect_no_overlap() const {
    for (size_t i = 1; i < pushed.size(); i++)
      ck_assert_msg(pushed[i].pts >= pushed[i - 1].pts + kPacket, "packet %zu at %d ms after %d ms",
                    i, static_cast<int>(pushed[i].pts / kMs),
                    static_cast<int>(pushed[i - 1].pts / kMs));
  }

  std::vector<Packet> pushed;
  unsigned dropped = 0;

 private:
  PadPosition position_{kMs, PadPosition::Late::EndToEnd};
};

}  // namespace

// A burst that was held up: whole, and in its place again after the next pause.
GST_START_TEST(test_burst) {
  Audio audio;
  audio.packets(0, 500 * kMs);
  audio.gap_until(1500 * kMs);
  audio.packets(500 * kMs, 2000 * kMs);
  audio.packets(4000 * kMs, 4100 * kMs);
  audio.expect_no_overlap();
  assert_equals_int(audio.dropped, 0);
  const Packet &moved = audio.pushed[25], &next = audio.pushed[26], &later = audio.pushed[100];
  assert_equals_uint64(moved.pts, 1500 * kMs);
  ck_assert(moved.discont && !next.discont);
  assert_equals_uint64(later.captured, 4000 * kMs);
  assert_equals_uint64(later.pts, 4000 * kMs);
}
GST_END_TEST;

// Audio without a pause: it cannot be late for ever. What was late longest goes.
GST_START_TEST(test_without_pause) {
  constexpr GstClockTime kLates[] = {50 * kMs, 1000 * kMs, 3 * GST_SECOND, 60 * GST_SECOND};
  const GstClockTime late = kLates[__i__];
  Audio audio;
  audio.packets(0, 500 * kMs);
  audio.gap_until(500 * kMs + late);
  audio.packets(500 * kMs, 120 * GST_SECOND);
  audio.expect_no_overlap();
  ck_assert_uint_le(audio.dropped, late / kPacket);
  unsigned disconts = 0;
  for (const Packet &packet : audio.pushed) {
    disconts += packet.discont;
    if (packet.pts >= 500 * kMs + late + 5 * GST_SECOND)
      ck_assert_msg(packet.pts - packet.captured < kPacket, "%d ms late",
                    static_cast<int>((packet.pts - packet.captured) / kMs));
  }
  assert_equals_int(disconts, 2);
}
GST_END_TEST;

GST_START_TEST(test_any_order) {
  std::mt19937 random(static_cast<unsigned>(__i__));
  Audio audio;
  GstClockTime at = 0, said = 0;
  for (int i = 0; i < 5000; i++) {
    at += kPacket + (random() % 50 == 0 ? random() % 1000 * kMs : 0);
    if (random() % 20 == 0 && at + random() % 2000 * kMs > said + 2000 * kMs) {
      said = at + 2000 * kMs;
      if (audio.pushed.empty() || audio.pushed.back().pts + kPacket < said)
        audio.gap_until(said);
    }
    const size_t before = audio.pushed.size();
    audio.packet(at);
    if (audio.pushed.size() > before)
      ck_assert_uint_ge(audio.pushed.back().pts, at);
  }
  audio.expect_no_overlap();
}
GST_END_TEST;

// The pipeline is paused when late packets were moved: the first packet afterwards plays after
// them.
GST_START_TEST(test_new_segment) {
  Audio audio;
  audio.packets(0, 500 * kMs);
  audio.gap_until(580 * kMs);
  audio.packets(500 * kMs, 600 * kMs);
  const GstClockTime end = audio.end();
  assert_equals_uint64(end, 680 * kMs);
  audio.segment(2000 * kMs, 620 * kMs);
  audio.packet(2000 * kMs);
  assert_equals_uint64(audio.pushed.back().pts, 2060 * kMs);
  audio.packet(2080 * kMs);
  assert_equals_uint64(audio.pushed.back().pts, 2080 * kMs);
  assert_equals_int(audio.dropped, 0);
}
GST_END_TEST;

// Texts are shown at once, each for its whole duration; but no two begin at the same time.
GST_START_TEST(test_texts) {
  PadPosition position(kMs, PadPosition::Late::Stacked);
  ck_assert(position.gap_until(10 * GST_SECOND, 0) != nullptr);
  for (GstClockTime i = 0; i < 3; i++) {
    const BufferPtr buffer = new_buffer(i * GST_SECOND, 2 * GST_SECOND);
    ck_assert(!position.place(buffer.get()).too_late);
    assert_equals_uint64(GST_BUFFER_PTS(buffer.get()), 10 * GST_SECOND + i * kMs);
    assert_equals_uint64(GST_BUFFER_DURATION(buffer.get()), 2 * GST_SECOND);
  }
}
GST_END_TEST;

// A frame without a duration ends where it begins. Black that follows does not begin there, also
// where the frame was moved to the end of a GAP.
GST_START_TEST(test_black_after_frame) {
  for (GstClockTime at : {900 * kMs, 1000 * kMs, 1100 * kMs}) {
    PadPosition position{kMs, PadPosition::Late::Stacked};
    ck_assert(position.gap_until(1000 * kMs, 0) != nullptr);
    const BufferPtr frame = new_buffer(at, GST_CLOCK_TIME_NONE),
                    black = new_buffer(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
    position.place(frame.get());
    ck_assert(position.has_room(1500 * kMs, 0) && !position.has_room(1500 * kMs, 700 * kMs));
    position.fill_until(black.get(), 1500 * kMs);
    ck_assert_uint_gt(GST_BUFFER_PTS(black.get()), GST_BUFFER_PTS(frame.get()));
  }
}
GST_END_TEST;

static Suite *padposition_suite() {
  Suite *suite = suite_create("padposition");
  TCase *tcase = tcase_create("late");
  tcase_add_test(tcase, test_burst);
  tcase_add_loop_test(tcase, test_without_pause, 0, 4);
  tcase_add_loop_test(tcase, test_any_order, 0, 20);
  tcase_add_test(tcase, test_new_segment);
  tcase_add_test(tcase, test_texts);
  tcase_add_test(tcase, test_black_after_frame);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(padposition)

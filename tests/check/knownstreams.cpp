// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of a stream in the recorder: what waits for room, for how long, and what webhooks
// change.
#include "streams/knownstreams.h"
#include "streams/streamhistory.h"

#include <gst/check/gstcheck.h>

namespace {

using namespace rtms;
using namespace rtms::recorder;
using State = Stream::State;
using Waits = KnownStreams::Waits;

WebhookNotice notice(const char *id, int64_t event_ms = 1000, const char *json = "") {
  WebhookNotice one;
  one.event = WebhookEvent::Started;
  one.hook.stream_id = id;
  one.hook.event_ts = event_ms;
  one.json = json;
  return one;
}

Webhook stopped(const char *id, int64_t event_ms) {
  return notice(id, event_ms).hook;
}

}  // namespace

GST_START_TEST(test_times) {
  KnownStreams streams;
  ck_assert(streams.wait(notice("a"), {2}, false, 3) == Waits::First);
  unsigned tried = 0;
  for (unsigned now_s = 4; now_s <= 3 + 65; now_s++) {
    ck_assert(streams.over(now_s).empty());
    for (const Stream &one : streams.due(now_s)) {
      ck_assert_uint_eq(one.part.number, 2);
      streams.open(one.notice, one.part, {});
      ck_assert(streams.due(now_s).empty());
      ck_assert(streams.wait(one.notice, one.part, false, now_s) == Waits::Again);
      tried++;
    }
  }
  ck_assert_uint_eq(tried, 13);
  ck_assert(streams.over(3 + 66) == std::vector<std::string>{"a"});
  // Another recorder may leave it later.
  ck_assert(!streams.find("a"));
}
GST_END_TEST;

// The last try is refused after the time, because it took long.
GST_START_TEST(test_too_late) {
  KnownStreams streams;
  streams.wait(notice("a"), {2}, false, 0);
  streams.open(notice("a"), {2}, {});
  ck_assert(streams.over(100).empty());
  ck_assert(streams.wait(notice("a"), {2}, false, 100) == Waits::TooLate);
  ck_assert(!streams.find("a"));
}
GST_END_TEST;

// The service counts from the moment at which the last recorder ended.
GST_START_TEST(test_resumed) {
  KnownStreams streams;
  streams.wait(notice("a"), {2}, false, 0, 60);
  streams.wait(notice("b"), {2}, false, 0, 1000);
  ck_assert_uint_eq(streams.due(5).size(), 1);
  ck_assert(streams.over(6) == (std::vector<std::string>{"a", "b"}));
}
GST_END_TEST;

// It has a minute of its own, and goes on as the part that waits, with the newest server.
GST_START_TEST(test_announced_anew) {
  KnownStreams streams;
  streams.wait(notice("a", 2000, "new"), {2}, false, 0);
  ck_assert_str_eq(streams.renew(notice("a", 1000, "old"), 60).notice.json.c_str(), "new");
  ck_assert_uint_eq(streams.due(65 + 60).size(), 1);
  WebhookNotice repeated = notice("a", 3000, "newer");
  repeated.repeated = true;
  const Stream &renewed = streams.renew(repeated, 100);
  ck_assert_str_eq(renewed.notice.json.c_str(), "newer");
  ck_assert_uint_eq(renewed.part.number, 2);
  ck_assert(streams.over(65 + 61) == std::vector<std::string>{"a"});
}
GST_END_TEST;

// What is being recorded has the first free place.
GST_START_TEST(test_order) {
  KnownStreams streams;
  streams.wait(notice("a"), {1}, false, 0);
  streams.wait(notice("b"), {3}, true, 0);
  const auto due = streams.due(5);
  ck_assert_uint_eq(due.size(), 2);
  ck_assert_str_eq(due[0].notice.hook.stream_id.c_str(), "b");
  ck_assert(due[0].needs_room);
  ck_assert(streams.active().empty());
}
GST_END_TEST;

// The folder of a stream that ended meanwhile, and was announced again, is not the second one's.
GST_START_TEST(test_ticket) {
  KnownStreams streams;
  const uint64_t first = streams.open(notice("a"), {}, {});
  streams.remove("a");
  const uint64_t second = streams.open(notice("a"), {}, {});
  ck_assert(!streams.opening("a", first));
  ck_assert(streams.opening("a", second));
  streams.recording("a");
  ck_assert(!streams.opening("a", second));
  ck_assert(streams.is(State::Recording, "a"));
  ck_assert_uint_eq(streams.active().size(), 1);
}
GST_END_TEST;

// A recording that broke off, of a stream that had waited before, has a minute of its own, and no
// trace of what was.
GST_START_TEST(test_broken_off) {
  KnownStreams streams;
  streams.wait(notice("a"), {2}, true, 0);
  streams.open(notice("a"), {2}, FoundMeeting());
  streams.recording("a");
  ck_assert(!streams.find("a")->before);
  ck_assert(!streams.find("a")->needs_room);
  streams.find("a")->announced_again(notice("a", 2000));
  ck_assert(streams.wait(notice("a"), {3}, false, 200) == Waits::First);
  ck_assert(!streams.find("a")->again);
  ck_assert(streams.over(200 + 65).empty());
  ck_assert(streams.take(State::Recording).empty());
  ck_assert_uint_eq(streams.take(State::Waiting).size(), 1);
  ck_assert(!streams.find("a"));
}
GST_END_TEST;

// The end of an earlier stream with the same id; that of a recording is the recording's matter.
GST_START_TEST(test_earlier_end) {
  KnownStreams streams;
  ck_assert(!streams.is_earlier_end(stopped("a", 500)));
  streams.open(notice("a", 1000), {}, {});
  ck_assert(streams.is_earlier_end(stopped("a", 500)));
  ck_assert(!streams.is_earlier_end(stopped("a", 1500)));
  streams.recording("a");
  ck_assert(!streams.is_earlier_end(stopped("a", 500)));
  streams.find("a")->announced_again(notice("a", 2000));
  ck_assert(streams.is_earlier_end(stopped("a", 1500)));
  ck_assert(!streams.is_earlier_end(stopped("a", 2500)));
}
GST_END_TEST;

// A repeated announcement is one only if nothing else was announced.
GST_START_TEST(test_announced_while_finishing) {
  Stream stream;
  WebhookNotice repeated = notice("a", 1000);
  repeated.repeated = true;
  stream.announced_again(repeated);
  ck_assert(stream.again->repeated);
  stream.announced_again(notice("a", 2000));
  ck_assert(!stream.again->repeated);
  stream.announced_again(repeated);
  ck_assert(!stream.again->repeated);
  ck_assert_int_eq(stream.again->hook.event_ts, 2000);
}
GST_END_TEST;

GST_START_TEST(test_history) {
  StreamHistory history;
  ck_assert(!history.is_late(stopped("a", 100)));
  history.ended(stopped("a", 250));
  history.ended(stopped("a", 150));  // repeated, and late
  ck_assert(history.is_late(stopped("a", 200)));
  ck_assert(!history.is_late(stopped("a", 300)));
  history.recorded("a");
  ck_assert(history.is_recorded("a"));
  history.begun("a");
  ck_assert(!history.is_recorded("a"));
  ck_assert_uint_eq(history.shorts("a"), 0);
  history.set_shorts("a", 3);
  ck_assert_uint_eq(history.shorts("a"), 3);
}
GST_END_TEST;

static Suite *knownstreams_suite() {
  Suite *suite = suite_create("knownstreams");
  TCase *tcase = tcase_create("streams");
  tcase_add_test(tcase, test_times);
  tcase_add_test(tcase, test_too_late);
  tcase_add_test(tcase, test_resumed);
  tcase_add_test(tcase, test_announced_anew);
  tcase_add_test(tcase, test_order);
  tcase_add_test(tcase, test_ticket);
  tcase_add_test(tcase, test_broken_off);
  tcase_add_test(tcase, test_earlier_end);
  tcase_add_test(tcase, test_announced_while_finishing);
  tcase_add_test(tcase, test_history);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(knownstreams)

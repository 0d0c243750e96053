// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is on which track of a recording, by which name, and who was there.
#include "live.h"
#include "meeting/report.h"
#include "recorder_run.h"

#include <fstream>
#include <sstream>

using namespace rtmscheck;

namespace {

constexpr int kJoin = 3, kLeave = 4;

std::string person(uint64_t user, const std::string &name = "") {
  return R"({"user_id":)" + std::to_string(user) + R"(,"user_name":")" + name + "\"}";
}

// A recording of a server that sends what it is told to.
class Recorded {
 public:
  explicit Recorded(const std::vector<std::string> &options)
      : server_(serve(quiet_config())), run_(options) {
    run_.announce(*server_);
    run_.wait_events("recording", 1);
  }
  void event(int type, const std::string &people) {
    server_->send_signaling(event_json(type, "\"participants\":[" + people + "]"));
  }
  void speak(uint64_t user) {
    constexpr int kPackets = 5;
    for (int i = 0; i < kPackets; i++)
      server_->send_media(Media::Audio, audio_json(at_ms_ += 20, user));
  }
  void wait_speakers(std::size_t count) { run_.wait_events("speaker", count); }
  std::string report() { return run_.text_of(run_.only_folder() + "/meeting.json"); }
  void wait_report(const std::string &text, std::size_t times = 1) {
    const bool told = run_.program().wait_until([&] {
      const std::string all = report();
      std::size_t found = 0;
      for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
        found++;
      return found >= times;
    });
    ck_assert_msg(told, "%s is not in %s", text.c_str(), report().c_str());
  }
  RecorderRun &finish() {
    server_->end_stream(6);
    run_.wait_events("finished", 1);
    return run_;
  }
  RecorderRun &run() { return run_; }

 private:
  std::unique_ptr<Server> server_;
  RecorderRun run_;
  int64_t at_ms_ = 0;
};

void end(RecorderRun &run) {
  run.program().send(SIGTERM);
  run.expect_end();
}

std::string read_text(const std::string &file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

// A bad line: each time, the service has another number for the same person.
GST_START_TEST(test_bad_line) {
  constexpr uint64_t kTimes = 4, kOther = 9;
  Recorded meeting({"--no-video", "--speakers=2"});
  for (uint64_t user = 1; user <= kTimes; user++) {
    meeting.event(kJoin, person(user, "Ada"));
    meeting.wait_report("\"joined\"", user);
    meeting.speak(user);
    meeting.wait_speakers(user);
    meeting.event(kLeave, person(user));
    meeting.wait_report("\"left\"", user);
  }
  meeting.speak(kOther);
  meeting.wait_speakers(kTimes + 1);
  RecorderRun &run = meeting.finish();
  const auto speakers = run.events("speaker");
  for (std::size_t i = 0; i < speakers.size(); i++)
    ck_assert_msg(contains(speakers[i], i < kTimes ? "\"track\":1" : "\"track\":2"), "%s",
                  speakers[i].c_str());
  end(run);
}
GST_END_TEST;

// Names that come late, and change.
GST_START_TEST(test_late_names) {
  Recorded meeting({"--no-video", "--speakers=2"});
  meeting.speak(11);
  meeting.wait_speakers(1);
  meeting.event(kJoin, person(11, "Grace Hopper"));
  meeting.wait_report("Grace Hopper");
  meeting.speak(11);
  meeting.wait_speakers(2);
  meeting.event(kJoin, person(11, "Grace"));
  meeting.wait_report("\"Grace\"");
  meeting.speak(11);
  meeting.wait_speakers(3);
  RecorderRun &run = meeting.finish();
  const std::string report = meeting.report();
  ck_assert_msg(contains(report, R"("title":"Grace")"), "%s", report.c_str());
  ck_assert_msg(contains(report, R"({"user_name":"Grace Hopper","since":")"), "%s", report.c_str());
  end(run);
}
GST_END_TEST;

// A big event: thousands are there at once, and nobody is left out without a word.
GST_START_TEST(test_thousands) {
  constexpr uint64_t kFirst = 100, kPeople = 5000;
  Recorded meeting({"--no-video"});
  std::string people;
  for (uint64_t i = 0; i < kPeople; i++)
    people += (i ? "," : "") + person(kFirst + i, "P" + std::to_string(i));
  meeting.event(kJoin, people);
  meeting.wait_report("\"joined\"", kPeople);
  meeting.speak(0);
  RecorderRun &run = meeting.finish();
  const std::string report = meeting.report();
  ck_assert(contains(report, R"("participant_count":5000,"participants":[)"));
  ck_assert(contains(report, R"("user_name":"P4999")"));
  end(run);
}
GST_END_TEST;

// Lists of thousands take time that all meetings share: the longer they are, the rarer.
GST_START_TEST(test_report_is_written_rarely) {
  constexpr uint64_t kPeople = 5000;
  constexpr int64_t kSecond = G_USEC_PER_SEC;
  TemporaryDirectory folder;
  rtms::recorder::Report report({}, folder.path(), {"mix"}, 0);
  const rtms::recorder::CaptureTime capture;
  auto &people = report.people();
  for (uint64_t user = 0; user < kPeople; user++)
    people.joined(user, "somebody", 0);
  report.refresh(kSecond, capture);
  ck_assert_msg(!people.take_changed(), "it is written");
  people.joined(kPeople, "the next one", 0);
  report.refresh(2 * kSecond, capture);
  ck_assert_msg(people.take_changed(), "it is not written each second");
  people.joined(kPeople + 1, "the last one", 0);
  report.refresh(7 * kSecond, capture);
  ck_assert_msg(!people.take_changed(), "it is written after a while");
  const auto told = [&] {
    return contains(read_text(folder.file("meeting.json")), "the last one");
  };
  const int64_t end = g_get_monotonic_time() + kDeadlineMs * G_TIME_SPAN_MILLISECOND;
  while (!told() && g_get_monotonic_time() < end)
    g_main_context_iteration(nullptr, FALSE);
  ck_assert(told());
}
GST_END_TEST;

// A server moves the start of the capture with each packet: long lists are not written for that.
GST_START_TEST(test_jumping_start) {
  constexpr int64_t kSecond = G_USEC_PER_SEC;
  TemporaryDirectory folder;
  rtms::recorder::Report report({}, folder.path(), {"mix"}, 0), small({}, folder.path(), {}, 0);
  for (uint64_t user = 0; user < rtms::recorder::People::kMost; user++)
    report.people().joined(user, "somebody", 0);
  rtms::recorder::CaptureTime capture;
  Ptr<GstCaps, gst_caps_unref> unix_time(gst_caps_new_empty_simple("timestamp/x-unix"));
  int written = 0, written_small = 0;
  for (int second = 1; second <= 30; second++) {
    Ptr<GstBuffer, gst_buffer_unref> buffer(gst_buffer_new());
    const GstClockTime captured = (second % 2 ? 5000 : 9000) * GST_SECOND;
    gst_buffer_add_reference_timestamp_meta(buffer.get(), unix_time.get(), captured,
                                            GST_CLOCK_TIME_NONE);
    capture.note(buffer.get(), static_cast<GstClockTime>(second) * GST_SECOND, true);
    written += report.refresh(second * kSecond, capture);
    written_small += small.refresh(second * kSecond, capture);
  }
  ck_assert_int_eq(written, 3);
  ck_assert_int_eq(written_small, 30);
}
GST_END_TEST;

static Suite *recorder_people_suite() {
  Suite *suite = suite_create("recorder_people");
  add_case(suite, "bad-line", test_bad_line);
  add_case(suite, "late-names", test_late_names);
  add_case(suite, "thousands", test_thousands);
  add_case(suite, "rarely", test_report_is_written_rarely);
  add_case(suite, "jumping-start", test_jumping_start);
  return suite;
}

GST_CHECK_MAIN(recorder_people)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Somebody has read a genuine webhook on its way, and sends it again after the recorder was
// restarted.
#include "recorder_run.h"

#include <sys/stat.h>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace {

using namespace rtmscheck;
namespace fs = std::filesystem;

// One signed request, to be sent any number of times.
struct Captured {
  explicit Captured(std::string text) : body(std::move(text)), headers(signed_headers(body)) {}
  int send(RecorderRun *run) const { return post(run->url(), headers, body).status; }
  const std::string body;
  const Headers headers;
};

RecorderRun restarted(const RecorderRun &before) {
  return RecorderRun(RecorderRun::Setup{{"--no-video"}, before.output(), {}, true});
}

// Files of the memory: of the requests, or of the meetings that are not over.
std::vector<std::string> remembered(const RecorderRun &run, bool requests = true) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto &entry : fs::directory_iterator(run.output() + "/.running", none))
    if (const std::string name = entry.path().filename();
        name != ".reserve" && (name.compare(0, 9, "requests-") == 0) == requests)
      files.push_back(entry.path());
  return files;
}

// Another thread removes the file of the meeting. Without that, the next start would join it.
void wait_forgotten(RecorderRun *run) {
  ck_assert(run->program().wait_until([&] { return remembered(*run, false).empty(); }));
}

void expect_ignored(RecorderRun *run, const Captured &captured, std::size_t times) {
  ck_assert_int_eq(captured.send(run), 200);
  run->wait_events("replayed", times);
}

}  // namespace

// What ended the recorder: a crash, the system, somebody at the terminal.
GST_START_TEST(test_replayed) {
  const int ends[] = {SIGKILL, SIGTERM, SIGINT};
  auto server = serve(meeting_of(1000)), other = serve(meeting_of(0));
  const Captured started(server->webhook_json());
  RecorderRun first({"--no-video"});
  ck_assert_int_eq(started.send(&first), 200);
  first.wait_events("finished", 1);
  wait_forgotten(&first);
  first.program().send(ends[__i__]);
  ck_assert(first.program().wait(kDeadlineMs));
  const unsigned connections = server->accepted();
  first.expect_no_secrets({started.headers[1].second, started.headers[1].second.substr(3)});
  ck_assert_uint_ge(remembered(first).size(), 1);
  for (const std::string &file : remembered(first)) {
    struct stat status;
    ck_assert_int_eq(stat(file.c_str(), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
  }

  RecorderRun second = restarted(first);
  expect_ignored(&second, started, 1);
  // Meanwhile all that is genuine is acted on, and once only.
  const Captured fresh(other->webhook_json());
  ck_assert_int_eq(fresh.send(&second), 200);
  second.wait_messages(*other, "audio", 10);
  ck_assert_uint_eq(second.folders().size(), 2);
  ck_assert_uint_eq(server->accepted(), connections);
  second.program().send(SIGINT);
  second.expect_end();

  // The service itself signs anew what it repeats: that is acted on, in the third life as well.
  const unsigned before = other->accepted();
  RecorderRun third = restarted(first);
  expect_ignored(&third, started, 1);
  expect_ignored(&third, fresh, 2);
  third.announce(*other, 7);
  third.wait_messages(*other, "audio", 10);
  ck_assert_uint_gt(other->accepted(), before);
  ck_assert_uint_eq(third.folders().size(), 3);
  third.program().send(SIGTERM);
  third.expect_end();
}
GST_END_TEST;

// An end that was told once ends no later part of the meeting.
GST_START_TEST(test_stop_replayed) {
  auto server = serve(meeting_of(0));
  RecorderRun first({"--no-video"});
  const Captured stopped(stream_event("meeting.rtms_stopped", server->stream_id(), 1));
  ck_assert_int_eq(stopped.send(&first), 200);
  first.announce(*server);
  first.wait_messages(*server, "audio", 10);
  first.program().send(SIGTERM);
  first.expect_end();
  RecorderRun second = restarted(first);
  second.wait_events("recording", 1);
  expect_ignored(&second, stopped, 1);
  const int64_t now = second.messages(*server, "audio");
  second.wait_messages(*server, "audio", now + 50);
  second.program().send(SIGTERM);
  second.expect_end();
}
GST_END_TEST;

// Old ones go, for their timestamps have; files that nothing can be read of do no harm.
GST_START_TEST(test_old) {
  auto server = serve(meeting_of(0));
  RecorderRun first({"--no-video"});
  first.announce(*server);
  first.wait_messages(*server, "audio", 10);
  first.program().send(SIGINT);
  first.expect_end();
  const std::string folder = first.output() + "/.running/";
  std::ofstream(folder + "requests-5") << std::string(64, 'a') << "\n";
  std::ofstream(folder + "requests-x") << "no digest";
  std::ofstream(folder + "requests-99999999999") << std::string(4 << 20, 'b');
  RecorderRun second = restarted(first);
  second.announce(*server, 7);
  second.wait_messages(*server, "audio", 10);
  ck_assert(second.program().wait_until([&] { return !fs::exists(folder + "requests-5"); }));
  second.program().send(SIGTERM);
  second.expect_end();
}
GST_END_TEST;

// The service repeats an announcement that got no answer, and the stream has ended meanwhile.
GST_START_TEST(test_announced_too_late) {
  RecorderRun run({"--no-video"});
  const int64_t now_ms = g_get_real_time() / 1000;
  const Captured started(stream_event("meeting.rtms_started", "a", now_ms - 60000)),
      ended(stream_event("meeting.rtms_stopped", "a", now_ms));
  ck_assert_int_eq(ended.send(&run), 200);
  ck_assert_int_eq(started.send(&run), 200);
  const auto ignored = [&] {
    const auto lines = run.events("http");
    return std::any_of(lines.begin(), lines.end(),
                       [](const std::string &line) { return contains(line, "has ended"); });
  };
  ck_assert(run.program().wait_until(ignored));
  ck_assert(run.folders().empty());
  // One that is announced anew is recorded.
  auto server = serve(meeting_of(0));
  ck_assert_int_eq(
      post_signed(run.url(), stream_event("meeting.rtms_stopped", server->stream_id(), now_ms - 1))
          .status,
      200);
  run.announce(*server, 7);
  run.wait_messages(*server, "audio", 10);
  run.program().send(SIGINT);
  run.expect_end();
}
GST_END_TEST;

static Suite *recorder_replayed_suite() {
  Suite *suite = suite_create("recorder_replayed");
  add_case(suite, "started", test_replayed, 3);
  add_case(suite, "stopped", test_stop_replayed);
  add_case(suite, "old", test_old);
  add_case(suite, "announced-too-late", test_announced_too_late);
  return suite;
}

GST_CHECK_MAIN(recorder_replayed)

// SPDX-License-Identifier: LGPL-2.1-or-later
// How rtms-recorder ends, and how it goes on: what it says of a stream's end, and what the next
// start does with meetings that still run.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "recorder_run.h"
#include "replay.h"

#include <glib/gstdio.h>

namespace {

using namespace rtmscheck;

// A meeting that the service ends for that reason.
Config ended_for(int reason, MeetingOptions options = {}, int64_t at_ms = 1500) {
  Config config = meeting_of(0, options);
  config.end = End::Nothing;
  const std::string state = R"({"msg_type":8,"state":4,"reason":)" + std::to_string(reason) +
                            R"(,"timestamp":1738392033699})";
  config.script = {{at_ms, Signaling, state, Action::Send}};
  return config;
}

RecorderRun::Setup once(const TemporaryDirectory &folder, const Server &server,
                        std::vector<std::string> options = {}) {
  std::ofstream(folder.file("webhook.json")) << server.webhook_json();
  options.push_back("--webhook-file=" + folder.file("webhook.json"));
  return {options, "", {}, false};
}

MeetingOptions nothing_at_all() {
  MeetingOptions options;
  for (Media m : {Media::Audio, Media::Video, Media::Transcript, Media::Chat})
    options.off[m] = {{0, 3600 * 1000}};
  return options;
}

// What of a meeting is on the disk while it runs: its webhook, for the next start.
std::vector<std::string> kept(const RecorderRun &run) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto &entry : std::filesystem::directory_iterator(run.output() + "/.running", none))
    if (const std::string name = entry.path().filename();
        name != ".reserve" && name.find('-') == std::string::npos)
      files.push_back(entry.path());
  return files;
}

RecorderRun::Setup next(const RecorderRun &before, std::vector<std::string> options) {
  return {std::move(options), before.output(), {}, true};
}

}  // namespace

// A stream that ends for a failure has failed, for whoever asks: the report, the log, the status.
GST_START_TEST(test_reasons) {
  const int failures[] = {10, 11, 12, 13, 14, 15, 16, 18, 19, 24}, ends[] = {1, 6, 17, 20};
  std::vector<std::unique_ptr<Server>> servers;
  RecorderRun run({"--no-video"});
  for (int reason : failures)
    servers.push_back(serve(ended_for(reason)));
  for (int reason : ends)
    servers.push_back(serve(ended_for(reason)));
  for (const auto &server : servers)
    run.announce(*server);
  run.wait_events("finished", std::size(ends), 2 * kDeadlineMs);
  const auto all = [&] {
    return run.events("finished").size() + run.events("failed").size() >= servers.size();
  };
  ck_assert(run.program().wait_until(all));
  ck_assert_msg(run.events("failed").size() == std::size(failures), "%s", run.said().c_str());
  for (const std::string &folder : run.folders()) {
    const bool failed = report_of(folder, "state") == "failed";
    ck_assert(failed == contains(report_of(folder, "error"), "ended the stream"));
    ck_assert(contains(report_of(folder, "end_reason"), "the stream ended: "));
    expect_playable(folder + "/meeting.mkv", "0:a");
  }
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

GST_START_TEST(test_once_fails) {
  TemporaryDirectory one, two;
  auto refused = serve(ended_for(18)), empty = serve(ended_for(6, nothing_at_all()));
  RecorderRun first(once(one, *refused)), second(once(two, *empty));
  for (RecorderRun *run : {&first, &second}) {
    ck_assert(run->program().wait(2 * kDeadlineMs));
    ck_assert_msg(!run->program().succeeded(), "success: %s", run->said().c_str());
    expect_text(report_of(run->only_folder(), "state"), "failed");
  }
  ck_assert(contains(first.said(), "authentication-failure"));
  ck_assert(contains(second.said(), "No audio and no video arrived"));
}
GST_END_TEST;

// The only speaker leaves while the camera's connection is still refused: the meeting goes on, and
// so does the recording.
GST_START_TEST(test_speaker_leaves_early) {
  constexpr int64_t kLeavesMs = 500, kInternalException = 45;
  MeetingOptions options;
  options.speakers = 1;
  options.duration_ms = 20000;
  options.off[Media::Audio] = {{kLeavesMs, 3600 * 1000}};
  options.off[Media::Transcript] = options.off[Media::Audio];
  auto reel = std::make_shared<Reel>(*film(options));
  EventItem leaves;
  leaves.type = 4;
  leaves.members = R"("participants":[{"user_id":16778240}])";
  leaves.timestamp = kStartMs + kLeavesMs;
  const auto later = std::find_if(reel->events.begin(), reel->events.end(),
                                  [](const auto &event) { return event.first > kLeavesMs; });
  reel->events.insert(later, {kLeavesMs, leaves});
  Config config = ended_for(6, {}, options.duration_ms);
  config.source = std::make_shared<ReelSource>(reel);
  config.status_media = {{Media::Video, kInternalException}};
  config.offered = {Media::Audio, Media::Video};
  config.fault_times = 4;  // with the pauses in between some 15 s
  auto server = serve(std::move(config));
  TemporaryDirectory folder;
  RecorderRun run(once(folder, *server, {"--speakers=1", "--video-resolution=sd"}));
  ck_assert_msg(run.program().wait(30000 + kDeadlineMs), "no end: %s", run.said().c_str());
  ck_assert_msg(run.program().succeeded(), "%s", run.said().c_str());
  const auto tracks = tracks_of(run.only_folder() + "/meeting.mkv");
  ck_assert_int_gt(tracks.at("video").packets, 10);
  expect_text(report_of(run.only_folder(), "end_reason"), "the stream ended: meeting-ended");
}
GST_END_TEST;

// Killed, or stopped by the system: the next start joins the meeting, and goes on in a second part.
GST_START_TEST(test_goes_on) {
  const int signals[] = {SIGKILL, SIGTERM};
  const bool killed = signals[__i__] == SIGKILL;
  auto server = serve(meeting_of(0));
  RecorderRun first({"--no-video"});
  first.announce(*server);
  first.wait_messages(*server, "audio", 100);
  ck_assert_uint_eq(kept(first).size(), 1);
  struct stat status;
  ck_assert_int_eq(stat(kept(first)[0].c_str(), &status), 0);
  ck_assert_int_eq(status.st_mode & 0777, 0600);
  first.expect_no_secrets({"test-secret", kWebhookToken});
  // Nobody else takes a meeting that somebody records.
  RecorderRun other(next(first, {"--no-video"}));
  other.url();
  ck_assert_int_eq(other.get("/healthz").status, 200);
  other.program().send(SIGTERM);
  other.expect_end();
  const unsigned connections = server->accepted();
  first.program().send(signals[__i__]);
  ck_assert(first.program().wait(kDeadlineMs));
  ck_assert_uint_eq(kept(first).size(), 1);
  const std::string part_1 = first.only_folder();

  // What has begun goes on with less space than a new recording needs.
  RecorderRun second(next(first, {"--no-video", killed ? "--min-free=0" : "--min-free=1000T"}));
  second.wait_events("resumed", 1);
  second.wait_messages(*server, "audio", 100);
  ck_assert_uint_gt(server->accepted(), connections);
  // The service says so, too, for it did not get an answer.
  if (killed)
    second.announce(*server, 7);
  second.program().send(SIGINT);
  second.expect_end();
  const auto folders = second.folders();
  ck_assert_uint_eq(folders.size(), 2);
  const auto name = [](const std::string &folder) {
    return std::filesystem::path(folder).filename().string();
  };
  const std::string part_2 = folders[0] == part_1 ? folders[1] : folders[0];
  expect_text(report_of(part_1, "next_part"), name(part_2).c_str());
  expect_text(report_of(part_1, "state"), killed ? "interrupted" : "finished");
  expect_text(report_of(part_2, "previous_part"), name(part_1).c_str());
  ck_assert(contains(second.text_of(part_2 + "/meeting.json"), "\"part\":2"));
  expect_playable(part_2 + "/meeting.mkv", "0:a");
  // After kill -9 the last seconds are missing: of two seconds, that is all.
  if (!killed)
    expect_playable(part_1 + "/meeting.mkv", "0:a");
  // Ctrl-C is for good.
  ck_assert_uint_eq(kept(second).size(), 0);
  RecorderRun third(next(first, {"--no-video"}));
  third.url();
  ck_assert_int_eq(third.get("/healthz").status, 200);
  third.program().send(SIGTERM);
  third.expect_end();
  ck_assert_uint_eq(third.folders().size(), 2);
}
GST_END_TEST;

// Its successor runs already when a recorder ends, as in a rolling upgrade: it goes on with what
// the first one leaves.
// A meeting that is being recorded goes on below --min-free.
static void expect_successor(int signal) {
  auto server = serve(meeting_of(0));
  RecorderRun first({"--no-video"});
  RecorderRun second(next(first, {"--no-video", "--min-free=1000000G"}));
  second.url();
  first.announce(*server);
  first.wait_messages(*server, "audio", 100);
  first.program().send(signal);
  ck_assert(first.program().wait(kDeadlineMs));
  second.wait_events("resumed", 1, 2 * kDeadlineMs);
  second.wait_messages(*server, "audio", 50);
  ck_assert_uint_eq(kept(second).size(), 1);
  const auto folders = second.folders();
  ck_assert_uint_eq(folders.size(), 2);
  const bool is_first = report_of(folders[0], "next_part") != "";
  const std::string &part_1 = folders[is_first ? 0 : 1], &part_2 = folders[is_first ? 1 : 0];
  expect_text(report_of(part_1, "next_part"),
              std::filesystem::path(part_2).filename().string().c_str());
  expect_text(report_of(part_2, "previous_part"),
              std::filesystem::path(part_1).filename().string().c_str());
  second.program().send(SIGINT);
  second.expect_end();
  ck_assert_uint_eq(kept(second).size(), 0);
  ck_assert_uint_eq(second.events("resumed").size(), 1);
}

GST_START_TEST(test_successor_runs) {
  expect_successor(SIGTERM);
}
GST_END_TEST;

GST_START_TEST(test_successor_of_a_killed) {
  expect_successor(SIGKILL);
}
GST_END_TEST;

// What was refused for want of room is known to the next start, whatever ended the recorder; what
// ends meanwhile is not.
GST_START_TEST(test_refused_before_the_kill) {
  auto server = serve(meeting_of(0)), waits = serve(meeting_of(0));
  RecorderRun first({"--no-video", "--max-meetings=1"});
  first.announce(*server);
  first.wait_messages(*server, "audio", 10);
  first.announce(*waits);
  const std::string over = stream_event("meeting.rtms_started", "over", 1);
  ck_assert_int_eq(post_signed(first.url(), over).status, 200);
  first.wait_events("refused", 2);
  ck_assert(first.program().wait_until([&] { return kept(first).size() == 3; }));
  const std::string end = stream_event("meeting.rtms_stopped", "over", 2);
  ck_assert_int_eq(post_signed(first.url(), end).status, 200);
  ck_assert(first.program().wait_until([&] { return kept(first).size() == 2; }));
  first.program().send(SIGKILL);
  ck_assert(first.program().wait(kDeadlineMs));
  // What was being recorded goes on first.
  RecorderRun second(next(first, {"--no-video", "--max-meetings=1"}));
  second.wait_events("resumed", 2);
  second.wait_messages(*server, "audio", 10);
  second.wait_events("refused", 1);
  server->end_stream(6);
  second.wait_messages(*waits, "audio", 10);
  second.program().send(SIGINT);
  second.expect_end();
  ck_assert_uint_eq(kept(second).size(), 0);
}
GST_END_TEST;

// Announced anew before its last recording is finished, and then the recorder stops: the next start
// records it.
GST_START_TEST(test_announced_before_the_stop) {
  auto server = serve(meeting_of(0));
  RecorderRun first({"--no-video"});
  first.announce(*server);
  first.wait_messages(*server, "audio", 100);
  const int64_t now_ms = g_get_real_time() / 1000;
  ck_assert_int_eq(
      post_signed(first.url(), stream_event("meeting.rtms_stopped", server->stream_id(), now_ms))
          .status,
      200);
  first.announce(*server, 8);
  const std::string url = first.url();
  const std::string another = stream_event("meeting.rtms_started", "another", now_ms),
                    over = stream_event("meeting.rtms_started", "over", now_ms),
                    end = stream_event("meeting.rtms_stopped", "over", now_ms + 1);
  HttpClient late(url), begun(url), ended(url);
  first.program().send(SIGTERM);
  first.wait_events("stopping", 1);
  // The next start records what is announced now: the service would say it again when the stream is
  // void. The recorder may have ended.
  const auto status_of = [&](HttpClient *client, const std::string &text) {
    client->send(request_text("POST", path_of(url), signed_headers(text), text));
    return client->read().status;
  };
  const int status = status_of(&late, another);
  ck_assert_msg(status == 200 || status == 0, "%d", status);
  const bool is_over = status_of(&begun, over) == 200 && status_of(&ended, end) == 200;
  ck_assert(first.program().wait(kDeadlineMs));
  const size_t all = kept(first).size(), known = status == 200 ? 2 : 1;
  ck_assert(all == known || (!is_over && all == known + 1));
  RecorderRun second(next(first, {"--no-video"}));
  second.wait_events("resumed", 1);
  second.wait_messages(*server, "audio", 50);
  second.program().send(SIGINT);
  second.expect_end();
  unsigned recorded = 0;
  for (const std::string &folder : second.folders())
    if (std::filesystem::exists(folder + "/meeting.mkv")) {
      expect_playable(folder + "/meeting.mkv", "0:a");
      recorded++;
    }
  ck_assert_uint_eq(recorded, 2);
}
GST_END_TEST;

// What arrived while another connection was still refused is in the file, however the recording
// ends.
GST_START_TEST(test_ends_while_connecting) {
  constexpr int kInternalException = 45;
  Config config = __i__ == 0 ? meeting_of(0) : ended_for(6, {}, 4000);
  config.status_media = {{Media::Video, kInternalException}};
  config.offered = {Media::Audio, Media::Video, Media::Transcript};
  auto server = serve(std::move(config));
  RecorderRun run({"--video-resolution=sd"});
  run.announce(*server);
  ck_assert(
      server->wait_for([](const Server &s) { return s.sent(Media::Audio) >= 100; }, kDeadlineMs));
  if (__i__ == 0)
    run.program().send(SIGTERM);
  run.wait_events("finished", 1);
  const std::string folder = run.only_folder();
  expect_playable(folder + "/meeting.mkv", "0:a");
  ck_assert_int_ge(report_number(folder, "duration_s"), 1);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// A meeting that has ended leaves nothing behind, and one that is too old is not joined.
GST_START_TEST(test_too_late) {
  // While the disk hangs, only the journal tells until when the recorder lived. A restarted machine
  // has none.
  const bool with_journal = __i__;
  const TemporaryDirectory journals, none;
  const auto in = [](const TemporaryDirectory &runtime) {
    return std::map<std::string, std::string>{{"RUNTIME_DIRECTORY", runtime.path()}};
  };
  auto over = serve(ended_for(6)), server = serve(meeting_of(0));
  RecorderRun first(RecorderRun::Setup{{"--no-video"}, "", in(journals), true});
  first.announce(*over);
  first.wait_events("finished", 1);
  ck_assert(first.program().wait_until([&] { return kept(first).empty(); }));
  first.announce(*server);
  first.wait_messages(*server, "audio", 50);
  first.program().send(SIGKILL);
  ck_assert(first.program().wait(kDeadlineMs));
  const unsigned connections = server->accepted();
  constexpr int kMinutes = 2;
  const timespec before[] = {{time(nullptr) - 60 * kMinutes, 0},
                             {time(nullptr) - 60 * kMinutes, 0}};
  ck_assert_int_eq(utimensat(AT_FDCWD, kept(first)[0].c_str(), before, 0), 0);
  RecorderRun::Setup setup = next(first, {"--no-video"});
  setup.environment = in(with_journal ? journals : none);
  RecorderRun second(setup);
  if (with_journal) {
    second.wait_events("resumed", 1);
    return;
  }
  second.wait_events("not-resumed", 1);
  ck_assert(second.program().wait_until([&] { return kept(second).empty(); }));
  second.program().send(SIGTERM);
  second.expect_end();
  ck_assert_uint_eq(server->accepted(), connections);
  ck_assert_uint_eq(second.folders().size(), 2);
  expect_text(report_of(second.folders()[1], "state"), "interrupted");
}
GST_END_TEST;

// A cluster's job is started anew with the same webhook, on the same volume.
GST_START_TEST(test_once_goes_on) {
  auto server = serve(meeting_of(0)), other = serve(meeting_of(0));
  TemporaryDirectory folder;
  RecorderRun both({"--no-video"});
  both.announce(*other);
  both.announce(*server);
  both.wait_messages(*server, "audio", 50);
  both.wait_messages(*other, "audio", 1);
  both.program().send(SIGTERM);
  both.expect_end();
  RecorderRun::Setup setup = once(folder, *server, {"--no-video"});
  setup.output = both.output();
  RecorderRun job(setup);
  job.wait_events("resumed", 1);
  job.wait_events("recording", 1);
  ck_assert_uint_eq(job.folders().size(), 3);
  // The other one waits for its own job.
  ck_assert_uint_eq(kept(job).size(), 2);
  job.program().send(SIGTERM);
  ck_assert(job.program().wait(kDeadlineMs) && !job.program().succeeded());
}
GST_END_TEST;

// Logs were rotated: it goes on in a new file.
GST_START_TEST(test_reopens_log) {
  TemporaryDirectory folder;
  const std::string log = folder.file("log"), old = folder.file("log.1");
  RecorderRun run({"--log=" + log});
  const std::string url = run.url();
  const auto told = [&](const std::string &file) {
    return contains(run.text_of(file), "the URL is validated");
  };
  ck_assert_int_eq(g_rename(log.c_str(), old.c_str()), 0);
  ck_assert_int_eq(post_signed(url, kChallenge).status, 200);
  ck_assert(run.program().wait_until([&] { return told(old); }));
  run.program().send(SIGHUP);
  const auto again = [&] { return post_signed(url, kChallenge).status == 200 && told(log); };
  ck_assert_msg(run.program().wait_until(again), "%s", run.said().c_str());
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert(contains(run.text_of(log), "stopping"));
}
GST_END_TEST;

// Where there is a terminal, the same signal says that it is gone.
GST_START_TEST(test_terminal_gone) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const int inside = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(inside, 0);
  TemporaryDirectory folder;
  const std::string log = folder.file("events");
  const std::string command = "exec " + std::string(g_getenv("RTMS_RECORDER")) +
                              " --min-free=0 --listen=http://127.0.0.1:0/webhook --log=" + log +
                              " --output=" + folder.path() + " >&" + std::to_string(inside);
  Program program({{"bash", "-c", command},
                   folder.path(),
                   {{"ZM_RTMS_CLIENT", "test-client"},
                    {"ZM_RTMS_SECRET", "test-secret"},
                    {"ZM_RTMS_WEBHOOK_SECRET", kWebhookToken}},
                   inside});
  const auto listens = [&] {
    std::ifstream file(log);
    std::string line;
    return std::getline(file, line) && contains(line, "listening");
  };
  ck_assert(program.wait_until(listens));
  program.send(SIGHUP);
  ck_assert_msg(program.wait(kDeadlineMs), "SIGHUP does not end it");
  ck_assert(program.succeeded());
  close(inside);
  close(terminal);
}
GST_END_TEST;

static Suite *recorder_restart_suite() {
  Suite *suite = suite_create("recorder_restart");
  add_case(suite, "reasons", test_reasons);
  add_case(suite, "once-fails", test_once_fails);
  add_case(suite, "leaves-early", test_speaker_leaves_early);
  add_case(suite, "goes-on", test_goes_on, 2);
  add_case(suite, "successor-runs", test_successor_runs);
  add_case(suite, "successor-of-a-killed", test_successor_of_a_killed);
  add_case(suite, "refused-before-the-kill", test_refused_before_the_kill);
  add_case(suite, "before-the-stop", test_announced_before_the_stop);
  add_case(suite, "while-connecting", test_ends_while_connecting, 2);
  add_case(suite, "too-late", test_too_late, 2);
  add_case(suite, "once-goes-on", test_once_goes_on);
  add_case(suite, "reopens-log", test_reopens_log);
  add_case(suite, "terminal-gone", test_terminal_gone);
  return suite;
}

GST_CHECK_MAIN(recorder_restart)

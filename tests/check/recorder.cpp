// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder: meetings begin, go on elsewhere, end, and begin again, each in its own time.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "recorder_run.h"
#include "replay.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 5000;
constexpr double kLength = kLengthMs / 1000.0;
// A picture's time.
constexpr double kTogether = 0.04;

}  // namespace

GST_START_TEST(test_two_meetings) {
  auto one = serve(meeting_of(kLengthMs)), two = serve(meeting_of(kLengthMs));
  RecorderRun run({"--video-resolution=sd", "--speakers=2"});
  const std::string start = one->webhook_json();
  // Others' requests begin nothing.
  const Headers forged = signed_headers(start, 0, "guessed");
  ck_assert_int_eq(post(run.url(), forged, start).status, 401);
  ck_assert_int_eq(post(run.url(), {}, start).status, 401);
  ck_assert_int_eq(post_signed(run.url(), kChallenge).status, 200);
  ck_assert_int_eq(run.get("/healthz").status, 200);
  ck_assert_uint_eq(one->requests(), 0);

  run.announce(*one);
  run.announce(*two);
  run.announce(*two);
  run.wait_events("recording", 2);
  // Nor do they end anything.
  const std::string stop = stream_event("meeting.rtms_stopped", one->stream_id(), 1);
  ck_assert_int_eq(post(run.url(), signed_headers(stop, 0, "guessed"), stop).status, 401);
  run.wait_events("speaker", 3);
  const HttpAnswer metrics = run.get("/metrics");
  ck_assert_int_eq(metrics.status, 200);
  ck_assert_msg(contains(metrics.body, "rtms_recorder_meetings 2\n"), "%s", metrics.body.c_str());
  ck_assert_msg(contains(metrics.body, "rtms_recorder_http_requests_total{code=\"200\"} "), "%s",
                metrics.body.c_str());
  run.wait_messages(*one, "audio", 1);
  run.wait_messages(*two, "video", 1);
  run.wait_events("finished", 2, static_cast<int>(kLengthMs) + kDeadlineMs);

  ck_assert_uint_eq(run.folders().size(), 2);
  for (const std::string &folder : run.folders()) {
    expect_recording(folder + "/meeting.mkv", 4, kLength);
    expect_in_sync(flash_beep(folder + "/meeting.mkv"), kTogether, 3);
    expect_text(report_of(folder, "state"), "finished");
    expect_text(report_of(folder, "end_reason"), "the stream ended: meeting-ended");
    ck_assert(contains(run.text_of(folder + "/meeting.vtt"), "<v John Smith>John Smith says"));
    ck_assert(contains(run.text_of(folder + "/chat.jsonl"), "Message 1 from John Smith"));
    ck_assert(contains(run.text_of(folder + "/meeting.json"), "\"user_name\":\"Ada Lovelace\""));
  }
  run.program().send(SIGTERM);
  run.expect_end();
  expect_no_violations(*one);
  expect_no_violations(*two);
  const std::string signature = signed_headers(start)[1].second.substr(3);
  run.expect_no_secrets({"test-secret", kWebhookToken, signature, forged[1].second.substr(3),
                         start.substr(start.find("\"signature\":\"") + 13, 64)});
}
GST_END_TEST;

// The parties of a call are heard on pads of their own, whatever was asked for: one of them is
// behind the other, and both are in the mix.
GST_START_TEST(test_channels) {
  constexpr int64_t kPacket_ms = 20, kBehind_ms = 60;
  Config config;
  config.product = Product::ContactCenter;
  config.offered = {Media::Audio};
  auto source = std::make_shared<ListSource>();
  config.source = source;
  const std::string samples(640, '\x10');
  char *encoded = g_base64_encode(reinterpret_cast<const guchar *>(samples.data()), samples.size());
  const std::string sound = encoded;
  g_free(encoded);
  for (int64_t ms = 0; ms < kLengthMs; ms += kPacket_ms)
    for (const bool behind : {false, true}) {
      MediaItem item;
      item.timestamp = kStartMs + ms + (behind ? kBehind_ms : 0);
      item.raw = R"({"msg_type":14,"content":{"channel_id":")";
      item.raw += behind ? "agent" : "customer";
      item.raw +=
          "\",\"timestamp\":" + std::to_string(kStartMs + ms) + ",\"data\":\"" + sound + "\"}}";
      source->add(item);
    }
  auto server = serve(std::move(config));
  RecorderRun run;
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kLengthMs) + kDeadlineMs);
  ck_assert_msg(run.events("audio-lost").empty(), "%s", run.events("audio-lost")[0].c_str());
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// The service starts over; it stops the stream; it starts it again.
GST_START_TEST(test_restart) {
  MeetingOptions options;
  options.duration_ms = 4 * kLengthMs;
  const auto reel = film(options);
  auto meeting = std::make_shared<ReelSource>(reel), next = std::make_shared<ReelSource>(reel);
  Config config;
  config.source = meeting;
  config.end = End::Nothing;
  auto server = serve(config);
  RecorderRun run;
  run.announce(*server);
  run.wait_events("recording", 1);
  const unsigned connections = server->accepted();
  run.announce(*server, 7);  // at the same URL: nothing new
  run.announce_moved(*server);
  ck_assert(server->wait_for([=](const Server &s) { return s.accepted() == 2 * connections; },
                             kDeadlineMs));
  const auto go_on = [](Server &on) {
    const uint64_t sent = on.sent(Media::Audio);
    return on.wait_for([=](const Server &s) { return s.sent(Media::Audio) > sent + 50; },
                       kDeadlineMs);
  };
  ck_assert(go_on(*server));
  ck_assert_uint_eq(run.folders().size(), 1);
  meeting->over = true;
  run.tell(*server, "meeting.rtms_stopped");
  run.wait_events("finished", 1);
  config.stream_id = server->stream_id();
  config.source = next;
  auto again = serve(config);
  run.announce(*again, 8);
  run.wait_events("recording", 2);
  run.wait_messages(*again, "video", 25);
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.folders().size(), 2);
  for (const std::string &folder : run.folders())
    expect_playable(folder + "/meeting.mkv");
  expect_no_violations(*server);
  expect_no_violations(*again);
}
GST_END_TEST;

GST_START_TEST(test_terminate) {
  const int signals[] = {SIGTERM, SIGINT};
  auto one = serve(meeting_of(0)), two = serve(meeting_of(0));
  RecorderRun run({"--video-resolution=sd", "--format=mp4"});
  run.announce(*one);
  run.announce(*two);
  run.wait_events("recording", 2);
  for (Server *server : {one.get(), two.get()})
    ck_assert(
        server->wait_for([](const Server &s) { return s.sent(Media::Video) > 60; }, kDeadlineMs));
  run.program().send(signals[__i__]);
  run.expect_end();
  ck_assert_uint_eq(run.events("finished").size(), 2);
  for (const std::string &folder : run.folders()) {
    expect_recording(folder + "/meeting.mp4", 1, 2.4, 2.0);
    expect_text(report_of(folder, "end_reason"), "the recorder was stopped");
  }
  expect_no_violations(*one);
}
GST_END_TEST;

// The service repeats what it said about a stream: after a failure that is another chance, after a
// recording it is old news.
GST_START_TEST(test_repeated) {
  Config config = meeting_of(kLengthMs);
  config.upgrade_status_signaling = 404;
  auto broken = serve(config);
  RecorderRun run({"--no-video"});
  run.announce(*broken);
  run.wait_events("failed", 1);
  const std::string webhook = broken->webhook_json();
  ck_assert_int_eq(post(run.url(), signed_headers(webhook, kAnewAge_s), webhook).status, 200);
  run.wait_events("failed", 2);
  auto server = serve(meeting_of(kLengthMs));
  run.announce(*server);
  run.wait_events("finished", 1);
  const std::string good = server->webhook_json();
  ck_assert_int_eq(post(run.url(), signed_headers(good, kAnewAge_s), good).status, 200);
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.folders().size(), 3);
  ck_assert_uint_eq(server->accepted(), 4);
}
GST_END_TEST;

// The service does not answer: there is nothing to finish, and nothing is waited for.
GST_START_TEST(test_terminate_early) {
  Config config = meeting_of(kLengthMs);
  config.silent_signaling = true;
  auto server = serve(std::move(config));
  RecorderRun run;
  run.announce(*server);
  ck_assert(server->wait_for([](const Server &s) { return s.accepted() > 0; }, kDeadlineMs));
  run.program().send(SIGTERM);
  run.expect_end(4 * kPromptMs);
  ck_assert(contains(report_of(run.only_folder(), "end_reason"), "the recorder was stopped"));
}
GST_END_TEST;

// Who is heard first has a track; all others share one; nobody is lost.
GST_START_TEST(test_speakers) {
  constexpr int64_t kThreeTurnsMs = 11000;
  MeetingOptions options;
  options.speakers = 3;
  auto server = serve(meeting_of(kThreeTurnsMs, options));
  RecorderRun run({"--no-video", "--speakers=1", "--audio-codec=flac"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kThreeTurnsMs) + kDeadlineMs);
  const auto speakers = run.events("speaker");
  ck_assert_uint_eq(speakers.size(), 3);
  for (std::size_t i = 0; i < speakers.size(); i++)
    ck_assert_msg(contains(speakers[i], i ? "\"track\":2" : "\"track\":1"), "%s",
                  speakers[i].c_str());
  const std::string file = run.only_folder() + "/meeting.mkv";
  expect_recording(file, 3, static_cast<double>(kThreeTurnsMs) / 1000);
  // A beep each second, by whoever speaks: all of them are in the mix, and each on one other track.
  const std::size_t all = beeps_of(file, 0).size(), first = beeps_of(file, 1).size(),
                    others = beeps_of(file, 2).size();
  g_print("beeps: %zu, of these %zu + %zu\n", all, first, others);
  ck_assert(first > 0 && others > first && first < all);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// Who leaves and comes back within ten seconds keeps the pad, and so the track.
GST_START_TEST(test_back_again) {
  constexpr int64_t kThreeTurnsMs = 10000, kLeavesMs = 5000;
  MeetingOptions options;
  options.duration_ms = kThreeTurnsMs;
  auto reel = std::make_shared<Reel>(*film(options));
  EventItem leaves;
  leaves.type = 4;
  leaves.members = R"("participants":[{"user_id":16778240}])";
  leaves.timestamp = kStartMs + kLeavesMs;
  const auto later = std::find_if(reel->events.begin(), reel->events.end(),
                                  [](const auto &event) { return event.first > kLeavesMs; });
  reel->events.insert(later, {kLeavesMs, leaves});
  Config config;
  config.source = std::make_shared<ReelSource>(reel);
  auto server = serve(std::move(config));
  RecorderRun run({"--no-video", "--speakers=1"});
  run.announce(*server);
  run.wait_events("finished", 1, static_cast<int>(kThreeTurnsMs) + kDeadlineMs);
  const auto speakers = run.events("speaker");
  ck_assert_uint_eq(speakers.size(), 2);
  for (std::size_t i = 0; i < speakers.size(); i++)
    ck_assert_msg(contains(speakers[i], i == 1 ? "\"track\":2" : "\"track\":1") &&
                      contains(speakers[i], i == 1 ? "Ada Lovelace" : "\"user_id\":\"16778240\""),
                  "%s", speakers[i].c_str());
  expect_recording(run.only_folder() + "/meeting.mkv", 3,
                   static_cast<double>(kThreeTurnsMs) / 1000);
  ck_assert(contains(run.text_of(run.only_folder() + "/meeting.json"), "\"left\":"));
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// What a cluster's job runs.
GST_START_TEST(test_webhook_file) {
  auto server = serve(meeting_of(kLengthMs));
  TemporaryDirectory folder;
  std::ofstream(folder.file("webhook.json")) << server->webhook_json();
  RecorderRun run(RecorderRun::Setup{{"--webhook-file=" + folder.file("webhook.json"), "--no-video",
                                      "--audio-codec=flac", "--json"},
                                     "",
                                     {},
                                     false});
  run.expect_end(static_cast<int>(kLengthMs) + kDeadlineMs);
  expect_recording(run.only_folder() + "/meeting.mkv", 1, kLength);
  // Each line is an object.
  const std::string said = run.said();
  ck_assert_msg(g_str_has_prefix(said.c_str(), "{\"time\":\""), "%s", said.c_str());
  Config unknown = meeting_of(kLengthMs);
  unknown.upgrade_status_signaling = 404;
  auto elsewhere = serve(std::move(unknown));
  std::ofstream(folder.file("webhook.json")) << elsewhere->webhook_json();
  RecorderRun failed(
      RecorderRun::Setup{{"--webhook-file=" + folder.file("webhook.json")}, "", {}, false});
  ck_assert(failed.program().wait(kDeadlineMs) && !failed.program().succeeded());
  expect_text(report_of(failed.only_folder(), "state"), "failed");
}
GST_END_TEST;

// The stream goes on: for a cluster the job is not done.
GST_START_TEST(test_stopped_once) {
  const int signals[] = {SIGTERM, SIGINT};
  auto server = serve(meeting_of(0));
  TemporaryDirectory folder;
  std::ofstream(folder.file("webhook.json")) << server->webhook_json();
  RecorderRun run(RecorderRun::Setup{
      {"--webhook-file=" + folder.file("webhook.json"), "--format=mp4", "--speakers=1"},
      "",
      {},
      false});
  // What the server has sent, the recorder need not have seen.
  run.wait_events("recording", 1);
  run.wait_events("speaker", 1);
  run.program().send(signals[__i__]);
  ck_assert(run.program().wait(kDeadlineMs));
  ck_assert(!run.program().succeeded());
  expect_text(report_of(run.only_folder(), "state"), "finished");
  expect_text(report_of(run.only_folder(), "end_reason"), "the recorder was stopped");
  expect_playable(run.only_folder() + "/meeting.mp4", "0:a");
}
GST_END_TEST;

// One word, no picture yet: the file can be played all the same.
GST_START_TEST(test_one_word) {
  MeetingOptions options;
  options.off[Media::Video] = {{0, 60 * 1000}};
  auto server = serve(meeting_of(0, options));
  RecorderRun run({"--format=mp4", "--speakers=1"});
  run.announce(*server);
  run.wait_events("recording", 1);
  run.wait_events("speaker", 1);
  run.program().send(SIGTERM);
  run.expect_end();
  expect_playable(run.only_folder() + "/meeting.mp4", "0:a");
}
GST_END_TEST;

// Nobody reads what it says.
GST_START_TEST(test_unread_output) {
  auto server = serve(meeting_of(kLengthMs));
  TemporaryDirectory folder;
  std::ofstream(folder.file("webhook.json")) << server->webhook_json();
  const std::string command = std::string(g_getenv("RTMS_RECORDER")) +
                              " --min-free=0 --output=" + folder.path() +
                              " --webhook-file=" + folder.file("webhook.json") + " | true";
  Program program({{"bash", "-o", "pipefail", "-c", command},
                   folder.path(),
                   {{"ZM_RTMS_CLIENT", "test-client"}, {"ZM_RTMS_SECRET", "test-secret"}},
                   -1});
  ck_assert(program.wait(static_cast<int>(kLengthMs) + kDeadlineMs));
  ck_assert_msg(program.succeeded(), "%s", program.output().c_str());
}
GST_END_TEST;

// What is to come on standard input does not come: a signal ends it all the same.
GST_START_TEST(test_stopped_reading) {
  TemporaryDirectory folder;
  const std::string pipe = folder.file("webhook");
  ck_assert_int_eq(mkfifo(pipe.c_str(), 0600), 0);
  RecorderRun run(RecorderRun::Setup{{"--webhook-file=" + pipe}, "", {}, false});
  // Opened as soon as it reads.
  const int writer = open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
  ck_assert_int_ge(writer, 0);
  run.program().send(SIGTERM);
  ck_assert(run.program().wait(kDeadlineMs));
  ck_assert_msg(run.program().ended_by(SIGTERM), "%s", run.said().c_str());
  close(writer);
}
GST_END_TEST;

GST_START_TEST(test_misuse) {
  const struct {
    std::vector<std::string> options;
    const char *words;
  } cases[] = {
      {{"--client-secret=x"}, "can read a command line"},
      {{"--format=avi"}, "Valid are mkv and mp4"},
      {{"--format=mp4", "--audio-codec=pcm"}, "MP4 cannot hold"},
      {{"--output=/nowhere/at/all"}, "No such file"},
      {{"--listen=http://127.0.0.1:0/webhook?x"}, "holds more"},
      {{"--output=/dev/null"}, "Not a directory"},
      {{"--stop-timeout=4294968"}, "Valid are 1 to 3600"},
      {{"--listen="}, "there is nothing to record"},
      {{"--webhook-file=/nowhere"}, "No such file"},
      {{"meeting.json"}, "is not an option"},
      {{"--rtmp=http://example.org"}, "does not begin with rtmp"},
      {{"--program=folder/program.mp4"}, "without a folder"},
      {{"--program=meeting.mp4"}, "other than meeting.mp4"},
      {{"--program=tail.mp4"}, "other than meeting.mp4 and tail.mp4"},
      {{"--drain=wait"}, "--cluster is not"},
      {{"--layout=tiles"}, "Valid are auto, camera"},
      {{"--program-resolution=4k"}, "Valid are sd, hd"},
      {{"--credentials-file=/nowhere"}, "cannot be read"},
  };
  for (const auto &one : cases) {
    RecorderRun run(one.options);
    ck_assert_msg(run.program().wait(kDeadlineMs) && !run.program().succeeded(), "%s",
                  one.options[0].c_str());
    ck_assert_msg(contains(run.program().output(), one.words), "%s: %s", one.options[0].c_str(),
                  run.said().c_str());
  }
}
GST_END_TEST;

static Suite *recorder_suite() {
  Suite *suite = suite_create("recorder");
  add_case(suite, "meetings", test_two_meetings);
  add_case(suite, "channels", test_channels);
  add_case(suite, "restart", test_restart);
  add_case(suite, "repeated", test_repeated);
  add_case(suite, "terminate", test_terminate, 2);
  add_case(suite, "terminate-early", test_terminate_early);
  add_case(suite, "speakers", test_speakers);
  add_case(suite, "back-again", test_back_again);
  add_case(suite, "once", test_webhook_file);
  add_case(suite, "stopped-once", test_stopped_once, 2);
  add_case(suite, "one-word", test_one_word);
  add_case(suite, "unread", test_unread_output);
  add_case(suite, "stopped-reading", test_stopped_reading);
  add_case(suite, "misuse", test_misuse);
  return suite;
}

GST_CHECK_MAIN(recorder)

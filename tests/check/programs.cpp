// SPDX-License-Identifier: LGPL-2.1-or-later
// Plain programs of GStreamer's with rtmssrc: gst-launch-1.0 that waits for the service's webhook,
// and players that are given a URI.
#include <csignal>

#include "launch.h"
#include "recording.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 6000;

Config meeting(End end) {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  Config config;
  config.source = make_meeting(options);
  config.end = end;
  return config;
}

std::unique_ptr<Program> run_in(const TemporaryDirectory &directory,
                                const std::vector<std::string> &arguments) {
  Program::Options options;
  options.arguments = arguments;
  options.folder = directory.path();
  options.environment = {{"ZM_RTMS_CLIENT", "test-client"},
                         {"ZM_RTMS_SECRET", "test-secret"},
                         {"ZM_RTMS_WEBHOOK_SECRET", kWebhookToken},
                         {"GST_DEBUG", "*:6"},
                         {"GST_DEBUG_FILE", directory.file("debug.log")}};
  return std::make_unique<Program>(options);
}

void expect_end(Program *program) {
  ck_assert_msg(program->wait(static_cast<int>(kLengthMs) + 2 * kDeadlineMs), "no end\n%s",
                program->output().c_str());
  ck_assert_msg(program->succeeded(), "%s", program->output().c_str());
}

void expect_no_secrets(const TemporaryDirectory &directory, Program *program,
                       const std::vector<std::string> &secrets) {
  char *text = nullptr;
  gsize size = 0;
  ck_assert(g_file_get_contents(directory.file("debug.log").c_str(), &text, &size, nullptr));
  const std::string log = std::string(text, size) + program->output();
  g_free(text);
  ck_assert(contains(log, "rtmssrc"));
  for (const std::string &secret : secrets)
    ck_assert_msg(!contains(log, secret), "logged: %s", secret.c_str());
}

bool wait_sent(Server &server, uint64_t packets) {
  return server.wait_for([=](const Server &s) { return s.sent(Media::Audio) >= packets; },
                         static_cast<int>(kLengthMs) + kDeadlineMs);
}

std::string uri_for(const Server &server) {
  const std::string url = server.signaling_url();
  return "rtms" + url.substr(2) + "?stream-id=" + server.stream_id() +
         "&meeting-uuid=/Zk3+Tq7RZu0pXw9aB/cDg==&media-types=audio+video";
}

}  // namespace

// The service's whole part: it validates the URL, others try theirs, a meeting begins, is announced
// anew, and ends.
GST_START_TEST(test_webhook) {
  auto server = serve(meeting(End::Nothing));
  TemporaryDirectory directory;
  auto program = run_in(directory, {"gst-launch-1.0",
                                    "rtmssrc",
                                    "name=meeting",
                                    "webhook-listen=http://127.0.0.1:0/webhook",
                                    "fill=black",
                                    "meeting.video",
                                    "!",
                                    "queue",
                                    "!",
                                    "h264parse",
                                    "!",
                                    "video/x-h264,stream-format=avc3",
                                    "!",
                                    "matroskamux",
                                    "name=mux",
                                    "!",
                                    "filesink",
                                    "location=meeting.mkv",
                                    "meeting.audio",
                                    "!",
                                    "queue",
                                    "!",
                                    "mux.audio_0"});
  const std::string url =
      "http://127.0.0.1:" + program->wait_output("announced at http://127.0.0.1:", "\n");
  const std::string start = server->webhook_json();
  const Headers genuine = signed_headers(start), forged = signed_headers(start, 0, "guessed"),
                stale = signed_headers(start, 301);

  HttpAnswer answer = post_signed(url, kChallenge);
  ck_assert_int_eq(answer.status, 200);
  ck_assert_msg(contains(answer.body, "encryptedToken"), "%s", answer.body.c_str());
  ck_assert_int_eq(post(url, {}, start).status, 401);
  ck_assert_int_eq(post(url, forged, start).status, 401);
  ck_assert_int_eq(post(url, stale, start).status, 401);
  ck_assert_int_eq(post(url + "s", genuine, start).status, 404);
  ck_assert_int_eq(post_signed(url, std::string(1048577, ' ')).status, 413);
  HttpClient get(url);
  get.send(request_text("GET", path_of(url), genuine, ""));
  ck_assert_int_eq(get.read().status, 405);
  ck_assert_uint_eq(server->requests(), 0);

  const int64_t announced_us = g_get_monotonic_time();
  ck_assert_int_eq(post(url, genuine, start).status, 200);
  ck_assert(wait_sent(*server, 1));
  const double first_sent = static_cast<double>(g_get_monotonic_time() - announced_us) / 1e6;
  ck_assert(wait_sent(*server, 50));
  ck_assert_uint_eq(server->accepted(), 5);
  ck_assert_int_eq(post(url, genuine, start).status, 200);
  ck_assert(wait_sent(*server, 100));
  ck_assert_uint_eq(server->accepted(), 5);

  std::string again = start;
  again.insert(again.find("\"event_ts\":") + 11, "1");
  ck_assert_int_eq(post_signed(url, moved(again)).status, 200);
  const bool finished =
      server->wait_for([](const Server &s) { return s.accepted() == 10 && s.finished(); },
                       static_cast<int>(kLengthMs) + kDeadlineMs);
  ck_assert(finished);
  ck_assert_int_eq(
      post_signed(url, stream_event("meeting.rtms_stopped", server->stream_id(), 1)).status, 200);
  expect_end(program.get());

  expect_playable(directory.file("meeting.mkv"));
  const auto tracks = tracks_of(directory.file("meeting.mkv"));
  constexpr double kLength = kLengthMs / 1000.0, kRestart = 1.5, kArrives = 1;
  for (const char *kind : {"video", "audio"}) {
    const Track &track = tracks.at(kind);
    // It begins with the meeting, not with the waiting for it.
    expect_near(kind, track.first, 0, first_sent + kArrives * slowness());
    expect_near(kind, track.end - track.first, kLength, kRestart);
  }
  expect_no_violations(*server);
  expect_no_secrets(directory, program.get(),
                    {"test-secret", kWebhookToken, genuine[1].second.substr(3),
                     forged[1].second.substr(3), stale[1].second.substr(3)});
}
GST_END_TEST;

// As the README says it: without a service, the test server announces its meeting.
GST_START_TEST(test_announcing_server) {
  TemporaryDirectory directory;
  auto recorder = run_in(directory, {"gst-launch-1.0", "rtmssrc", "media-types=audio",
                                     "webhook-listen=http://127.0.0.1:0/webhook", "!", "wavenc",
                                     "!", "filesink", "location=meeting.wav"});
  const std::string url =
      "http://127.0.0.1:" + recorder->wait_output("announced at http://127.0.0.1:", "\n");
  auto server = run_in(directory, {g_getenv("RTMS_TEST_SERVER"), "--duration=2", "--once",
                                   "--strict", "--webhook=" + url});
  expect_end(recorder.get());
  expect_end(server.get());
  const Track track = tracks_of(directory.file("meeting.wav")).at("audio");
  expect_near("audio", track.end - track.first, 2, 0.1);
  auto refused = run_in(directory, {g_getenv("RTMS_TEST_SERVER"), "--webhook=" + url});
  ck_assert(refused->wait(kDeadlineMs) && !refused->succeeded());
  ck_assert_msg(contains(refused->output(), "webhook"), "%s", refused->output().c_str());
}
GST_END_TEST;

// Ctrl-C while nothing has begun. With -e it asks for an end of the stream, and says that there was
// none.
GST_START_TEST(test_interrupt) {
  TemporaryDirectory directory;
  for (bool asks : {false, true}) {
    auto program =
        run_in(directory, {"gst-launch-1.0", asks ? "-e" : "-v", "rtmssrc",
                           "webhook-listen=http://127.0.0.1:0/webhook", "!", "fakesink"});
    program->wait_output("announced at", "webhook");
    program->send(SIGINT);
    ck_assert_msg(program->wait(kDeadlineMs), "%s", program->output().c_str());
    const std::string output = program->output();
    ck_assert_msg(program->succeeded() == !asks && contains(output, "Freeing pipeline"), "%s",
                  output.c_str());
    ck_assert_msg(contains(output, "EOS was asked for") == asks, "%s", output.c_str());
  }
}
GST_END_TEST;

GST_START_TEST(test_players) {
  const struct {
    std::vector<std::string> arguments;
    std::vector<std::string> words;
  } players[] = {
      {{"gst-play-1.0", "--no-interactive", "--audiosink=fakesink", "--videosink=fakesink"},
       {"Reached end of play list"}},
      {{"gst-play-1.0", "--use-playbin3", "--no-interactive", "--audiosink=fakesink",
        "--videosink=fakesink"},
       {"Reached end of play list"}},
      // "H.264" is a tag of the first frame, before which a GAP may come.
      {{"gst-discoverer-1.0", "--verbose"},
       {"video/x-h264, ", "stream-format=(string)", "audio/x-raw"}},
  };
  const auto &player = players[__i__];
  auto server = serve(meeting(End::Terminated));
  TemporaryDirectory directory;
  std::vector<std::string> arguments = player.arguments;
  arguments.push_back(uri_for(*server));
  auto program = run_in(directory, arguments);
  expect_end(program.get());
  const std::string output = program->output();
  for (const std::string &words : player.words)
    ck_assert_msg(contains(output, words), "no %s in %s", words.c_str(), output.c_str());
  ck_assert_msg(!contains(output, "ERROR"), "%s", output.c_str());
  ck_assert_uint_gt(server->sent(Media::Audio), 0);
  ck_assert_uint_gt(server->sent(Media::Video), 0);
  expect_no_violations(*server);
  expect_no_secrets(directory, program.get(), {"test-secret"});
}
GST_END_TEST;

static Suite *programs_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("programs");
  TCase *webhook = tcase_create("webhook");
  tcase_set_timeout(webhook, kPatienceSeconds);
  tcase_add_test(webhook, test_webhook);
  tcase_add_test(webhook, test_interrupt);
  tcase_add_test(webhook, test_announcing_server);
  suite_add_tcase(suite, webhook);
  TCase *players = tcase_create("players");
  tcase_set_timeout(players, kPatienceSeconds);
  tcase_add_loop_test(players, test_players, 0, 3);
  suite_add_tcase(suite, players);
  return suite;
}

GST_CHECK_MAIN(programs)

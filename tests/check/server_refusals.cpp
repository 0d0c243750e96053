// SPDX-License-Identifier: LGPL-2.1-or-later
// What the test server refuses, and how it fails on request.
#include "server_texts.h"

using namespace rtmscheck;

// Each of these breaks a valid request in one place.
struct Refusal {
  std::string request;
  int status;
};

static void check_signaling_refusals(const std::vector<Refusal> &refusals) {
  Fixture fixture(plain_config());
  for (const Refusal &refusal : refusals) {
    Client client(fixture.server.signaling_url());
    std::string answer = client.ask(refusal.request, 2);
    ck_assert_msg(has_status(answer, refusal.status), "%d: %s: %s", refusal.status,
                  refusal.request.c_str(), answer.c_str());
    ck_assert(client.closed());
    ck_assert(fixture.violated(std::to_string(refusal.status) + " "));
  }
  ck_assert_uint_eq(fixture.server.violations().size(), refusals.size());
}

GST_START_TEST(test_signaling_refusals) {
  check_signaling_refusals({
      {"garbage", 4},
      {"[1]", 4},
      {"{}", 4},
      {replaced(kHello, "\"msg_type\":1", "\"msg_type\":3"), 1},
      {replaced(kHello, "\"protocol_version\":1", "\"protocol_version\":2"), 4},
      {replaced(kHello, "\"sequence\":7,", ""), 4},
      {replaced(kHello, "\"meeting_uuid\":\"uuid==\",", ""), 4},
      {replaced(kHello, "uuid==", "uuid"), 4},
      {replaced(kHello, "stream-1", "stream-2"), 2},
      {replaced(kHello, "fccce", "fcccf"), 3},
      {replaced(kHello, "b553", "B553"), 3},
      {replaced(kHello, "\"buffer_data\":false", "\"buffer_data\":0"), 4},
      {replaced(kHello, "\"buffer_data\":false", "\"media_type\":33"), 14},
      {replaced(kHello, "\"buffer_data\":false", "\"client_id\":\"xyz\""), 4},
  });
}
GST_END_TEST;

static void check_media_refusals(const Config &config, const std::string &path,
                                 const std::vector<Refusal> &refusals) {
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  for (const Refusal &refusal : refusals) {
    Client client(fixture.url(path));
    std::string answer = client.ask(refusal.request, 4);
    ck_assert_msg(has_status(answer, refusal.status), "%d: %s: %s", refusal.status,
                  refusal.request.c_str(), answer.c_str());
    ck_assert(client.closed());
  }
  ck_assert_msg(fixture.server.violations().size() == refusals.size(), "%s",
                fixture.all_violations().c_str());
}

GST_START_TEST(test_media_refusals) {
  std::string hello = data_hello(1, kAudio);
  check_media_refusals(
      plain_config(), "media/all",
      {{"garbage", 4},
       {replaced(hello, "\"msg_type\":3", "\"msg_type\":1"), 1},
       {replaced(hello, "stream-1", "stream-2"), 2},
       {replaced(hello, "fccce", "fcccf"), 3},
       {replaced(hello, "\"payload_encryption\":false", "\"payload_encryption\":true"), 4},
       {replaced(hello, "\"media_type\":1,", ""), 4},
       {data_hello(31, kAll), 14},
       {data_hello(0, ""), 14},
       {data_hello(33, kAll), 14},
       {data_hello(-1, kAll), 14},
       {replaced(hello, "media_params", "params"), 17},
       {data_hello(1, ""), 18},
       {data_hello(2, ""), 25},
       {data_hello(4, ""), 31},
       {data_hello(8, ""), 36},
       {data_hello(16, ""), 38}});
}
GST_END_TEST;

GST_START_TEST(test_audio_matrix) {
  check_media_refusals(plain_config(), "media/audio",
                       {{audio(3, 1, 1, 1, 1, 20), 19},
                        {audio(0, 1, 1, 1, 1, 20), 19},
                        {audio(2, 4, 1, 1, 1, 20), 20},
                        {audio(2, 2, 1, 4, 1, 20), 20},
                        {audio(1, 1, 1, 2, 1, 20), 20},
                        {audio(2, 0, 1, 3, 1, 20), 20},
                        {audio(2, 1, 3, 1, 1, 20), 21},
                        {audio(2, 0, 2, 2, 1, 20), 21},
                        {audio(2, 1, 1, 5, 1, 20), 22},
                        {audio(1, 1, 1, 1, 1, 20), 22},
                        {audio(2, 1, 1, 1, 3, 20), 23},
                        {audio(2, 1, 1, 1, 1, 0), 24},
                        {audio(2, 1, 1, 1, 1, 30), 24},
                        {audio(2, 1, 1, 1, 1, 1020), 24},
                        {audio(2, 3, 1, 4, 1, 40), 24},
                        {data_hello(2, kVideo), 7},
                        {data_hello(32, kAll), 7}});
  Fixture fixture(plain_config());
  Client signaling(fixture.server.signaling_url());
  signaling.ask(kHello, 2);
  for (const std::string &request :
       {audio(1, 3, 2, 4, 1, 20), audio(1, 0, 1, 2, 1, 20), audio(1, 1, 1, 3, 2, 20),
        audio(2, 0, 2, 1, 1, 1000), audio(2, 3, 1, 4, 2, 20), audio(2, 0, 1, 2, 1, 20),
        audio(2, 1, 1, 3, 1, 20)}) {
    Client client(fixture.url("media/audio"));
    std::string answer = client.ask(request, 4);
    ck_assert_msg(has_status(answer, 0), "%s: %s", request.c_str(), answer.c_str());
    client.close(1000);
    ck_assert(client.closed());
    ck_assert(
        fixture.server.wait_for([](const Server &s) { return s.connections() == 1; }, kDeadlineMs));
  }
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_other_params) {
  auto video = [](const char *from, const char *to) {
    return data_hello(2, replaced(kVideo, from, to));
  };
  auto deskshare = [](const char *from, const char *to) {
    return data_hello(4, replaced(kDeskshare, from, to));
  };
  auto transcript = [](const char *from, const char *to) {
    return data_hello(8, replaced(kTranscript, from, to));
  };
  check_media_refusals(plain_config(), "media/all",
                       {{video("\"content_type\":3", "\"content_type\":2"), 26},
                        {video("\"codec\":7", "\"codec\":1"), 27},
                        {video("\"resolution\":2", "\"resolution\":5"), 28},
                        {video("\"data_opt\":3", "\"data_opt\":2"), 29},
                        {video("\"fps\":25", "\"fps\":31"), 30},
                        {video("\"fps\":25", "\"fps\":5"), 30},
                        {video("\"codec\":7", "\"codec\":5"), 30},
                        {deskshare("\"content_type\":3", "\"content_type\":1"), 32},
                        {deskshare("\"codec\":7", "\"codec\":8"), 33},
                        {deskshare("\"resolution\":2", "\"resolution\":0"), 34},
                        {deskshare("\"codec\":7", "\"codec\":6"), 35},
                        {transcript("\"content_type\":5", "\"content_type\":2"), 37},
                        {transcript("\"src_language\":9", "\"src_language\":37"), 43},
                        {transcript("\"enable_lid\":false", "\"enable_lid\":0"), 36},
                        {data_hello(16, replaced(kChat, "5", "4")), 39}});
  for (Media m : kAllMedia) {
    Config config = plain_config();
    config.offered.erase(m);
    int code = static_cast<int>(m);
    const std::string params[] = {kAudio, kVideo, kDeskshare, kTranscript, kChat};
    check_media_refusals(config, "media/all", {{data_hello(1 << code, params[code]), 9 + code}});
  }
}
GST_END_TEST;

GST_START_TEST(test_signaling_violations) {
  Fixture fixture(plain_config());
  Client media_first(fixture.url("media/all"));
  ck_assert(has_status(media_first.ask(data_hello(32, kAll), 4), 2));
  Client signaling(fixture.server.signaling_url(), "",
                   {{"X-Zoom-RTMS-Stream-Id", "stream-2"}, {"X-Zoom-RTMS-Signature", "00"}});
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(fixture.violated("violation: signaling: header X-Zoom-RTMS-Stream-Id"));
  ck_assert(fixture.violated("violation: signaling: header X-Zoom-RTMS-Signature"));
  signaling.send(kReady);
  ck_assert(fixture.violated("41 "));
  signaling.send(R"({"msg_type":5,"events":{}})");
  ck_assert(fixture.violated("5 "));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":7,"subscribe":true}]})");
  ck_assert(fixture.violated("6 INVALID_EVENT_TYPE: signaling: event_type 7"));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":15,"subscribe":true}]})");
  ck_assert(fixture.violated("6 INVALID_EVENT_TYPE: signaling: unknown"));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":2,"subscribe":1}]})");
  ck_assert(fixture.violated("42 "));
  signaling.send(R"({"msg_type":99})");
  ck_assert(fixture.violated("1 "));
  signaling.send("garbage");
  ck_assert(fixture.violated("4 "));
  signaling.send(R"({"msg_type":13,"timestamp":5})");
  ck_assert(fixture.violated("violation: signaling: keep-alive answer"));
  signaling.send_binary(R"({"msg_type":7})");
  ck_assert(fixture.violated("violation: signaling: binary"));
  ck_assert(has_status(signaling.ask(R"({"msg_type":21,"rtms_stream_id":"x"})", 22), 2));
  ck_assert(has_status(signaling.ask(R"({"msg_type":10,"rtms_session_id":"x"})", 11), 40));
  Client media(fixture.url("media/all"));
  ck_assert(has_status(media.ask(data_hello(1, kAudio + "," + kChat), 4), 0));
  ck_assert(fixture.violated("violation: media/all: chat parameters"));
  media.close(4000);
  ck_assert(fixture.violated("violation: media/all: closed by the client with code 4000"));
}
GST_END_TEST;

GST_START_TEST(test_faults) {
  Config config = plain_config();
  config.upgrade_status_signaling = 302;
  config.redirect_to = "ws://127.0.0.1:1/";
  config.status_media[Media::Audio] = 45;
  config.fault_times = 1;
  Fixture fixture(config);
  {
    Client refused(fixture.server.signaling_url());
    ck_assert(!refused.connected());
    ck_assert_uint_eq(refused.http_status(), 302);
    ck_assert(refused.header("Location") == "ws://127.0.0.1:1/");
  }
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  for (int code : {45, 0}) {
    Client media(fixture.url("media/audio"));
    ck_assert(has_status(media.ask(data_hello(1, kAudio), 4), code));
  }
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_silence_and_abort) {
  Config config = plain_config();
  config.script = {{0, Media::Chat, R"({"msg_type":18,"content":"scripted"})", Action::Send},
                   {0, Media::Chat, "", Action::Abort}};
  config.silent_http = true;
  config.fault_times = 1;
  Fixture fixture(config);
  RawRequest unanswered(fixture.server.port());
  ck_assert(
      fixture.server.wait_for([](const Server &s) { return s.requests() == 1; }, kDeadlineMs));
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  Client chat(fixture.url("media/chat")), audio_client(fixture.url("media/audio"));
  ck_assert(has_status(chat.ask(data_hello(16, kChat), 4), 0));
  ck_assert(has_status(audio_client.ask(data_hello(1, kAudio), 4), 0));
  signaling.send(kReady);
  ck_assert(contains(signaling.next(6), "\"event_type\":7"));
  ck_assert(chat.closed());
  ck_assert_uint_eq(chat.close_code(), 0);
  fixture.server.silence(Media::Audio);
  fixture.server.send_media(Media::Audio, R"({"msg_type":99})");
  fixture.server.send_signaling(R"({"msg_type":98})");
  ck_assert(!signaling.next(98).empty());
  ck_assert_uint_eq(audio_client.count(99), 0);
  ck_assert(!unanswered.answered());
  fixture.server.stop();
  ck_assert(signaling.closed() && audio_client.closed());
}
GST_END_TEST;

static Suite *server_refusals_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server_refusals");
  TCase *tc = tcase_create("server_refusals");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_signaling_refusals);
  tcase_add_test(tc, test_media_refusals);
  tcase_add_test(tc, test_audio_matrix);
  tcase_add_test(tc, test_other_params);
  tcase_add_test(tc, test_signaling_violations);
  tcase_add_test(tc, test_faults);
  tcase_add_test(tc, test_silence_and_abort);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(server_refusals)

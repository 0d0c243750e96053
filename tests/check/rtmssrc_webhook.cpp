// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmssrc as its own webhook endpoint: it waits for a stream, and follows what is told of it.
#include <algorithm>
#include <atomic>
#include <future>

#include "failures.h"
#include "live.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

constexpr char kAnyPort[] = "http://127.0.0.1:0/webhook";

void listen(GstElement *src) {
  g_object_set(src, "webhook-listen", kAnyPort, "webhook-secret-token", kWebhookToken, "client-id",
               "test-client", "client-secret", "test-secret", "retry-delay", 200, nullptr);
  set(src, "media-types", "audio");
}

Setup listening(const char *name, const std::string &value) {
  return [name, value](GstElement *src) {
    listen(src);
    set(src, name, value);
  };
}

std::string url_of(Player &player) {
  char *url = nullptr;
  g_object_get(player.src(), "webhook-url", &url, nullptr);
  CharPtr owned(url);
  return url ? url : "";
}

std::string wait_listening(Player &player) {
  std::string url;
  ck_assert_msg(player.wait([&](const Record &r) {
    for (const GstStructure *message : r.named("rtms-listening"))
      url = gst_structure_get_string(message, "url");
    return !url.empty();
  }),
                "%s", player.summary().c_str());
  return url;
}

void expect_posted(const std::string &url, const std::string &body, int status = 200) {
  const HttpAnswer answer = post_signed(url, body);
  ck_assert_msg(answer.status == status, "%d for %s", answer.status, body.c_str());
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  const std::size_t at = text.find(from);
  ck_assert_msg(at != std::string::npos, "no %s in %s", from.c_str(), text.c_str());
  return text.replace(at, from.size(), to);
}

// The server's own webhook, of another moment.
std::string announced(const Server &server, int later) {
  return replaced(server.webhook_json(), "\"event_ts\":", "\"event_ts\":" + std::to_string(later));
}

std::string told(const Server &server, const char *event, int64_t event_ts) {
  return stream_event(event, server.stream_id(), event_ts);
}

bool wait_audio(Player &player, std::size_t more) {
  std::size_t before = 0;
  player.wait([&](const Record &r) {
    before = r.packets("audio");
    return true;
  });
  return player.wait([&](const Record &r) { return r.packets("audio") >= before + more; });
}

bool wait_accepted(Server &server, unsigned count) {
  return server.wait_for([=](const Server &s) { return s.accepted() >= count; }, kDeadlineMs);
}

using Meeting = StoppableTicker;

Config ticking(std::shared_ptr<Meeting> meeting = std::make_shared<Meeting>()) {
  Config config;
  config.source = std::move(meeting);
  config.end = End::Nothing;
  return config;
}

// Nothing but the webhook tells of the end.
void end_meeting(Meeting *meeting, const Server &server, const std::string &url) {
  meeting->over = true;
  expect_posted(url, told(server, "meeting.rtms_stopped", 3));
}

// Whatever was posted before has been acted upon.
void settle(Player &player, const std::string &url) {
  expect_posted(url, "{}");
  GstStructure *stats = nullptr;
  g_object_get(player.src(), "stats", &stats, nullptr);
  gst_structure_free(stats);
}

}  // namespace

GST_START_TEST(test_waits) {
  Player player(listen);
  expect_text(url_of(player), "");
  for (int times = 0; times < 2; times++) {
    ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
    player.play();
    ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
    wait_listening(player);
    const std::string url = url_of(player);
    ck_assert_msg(g_str_has_prefix(url.c_str(), "http://127.0.0.1:") && !contains(url, ":0/") &&
                      g_str_has_suffix(url.c_str(), "/webhook"),
                  "%s", url.c_str());
    expect_posted(url, kChallenge);
    HttpClient idle(url);
    player.stop();
    ck_assert_msg(idle.ended(kDeadlineMs), "still open");
    expect_text(url_of(player), "");
  }
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  ck_assert_uint_eq(player.record().named("rtms-listening").size(), 2);
}
GST_END_TEST;

GST_START_TEST(test_session) {
  auto meeting = std::make_shared<Meeting>();
  auto server = serve(ticking(meeting));
  Player player(listen);
  player.play();
  const std::string url = wait_listening(player), start = server->webhook_json();
  expect_text(url, url_of(player));
  // None of these starts anything.
  expect_posted(url, kChallenge);
  ck_assert_int_eq(post(url, {}, start).status, 401);
  ck_assert_int_eq(post(url, signed_headers(start, 0, "guessed"), start).status, 401);
  ck_assert_int_eq(post(url, signed_headers(start, 7 * 24 * 3600), start).status, 401);
  expect_posted(url + "x", start, 404);
  expect_posted(url, std::string(1048577, ' '), 413);
  expect_posted(url, stream_event("meeting.rtms_stopped", server->stream_id(), 1));
  expect_posted(url, stream_event("meeting.rtms_interrupted", server->stream_id(), 1));
  expect_posted(url, stream_event("meeting.started", server->stream_id(), 1));
  settle(player, url);
  ck_assert_uint_eq(server->requests(), 0);
  // This does; the same URL again does not, nor another stream.
  expect_posted(url, start);
  ck_assert_msg(wait_audio(player, 10), "%s", player.summary().c_str());
  ck_assert_uint_eq(server->accepted(), 2);
  expect_posted(url, start);
  ck_assert_int_eq(post(url, signed_headers(start, kAnewAge_s), start).status, 200);
  expect_posted(url, announced(*server, 6));
  expect_posted(url, stream_event("meeting.rtms_started", "another", 1));
  expect_posted(url, stream_event("meeting.rtms_stopped", "another", 2));
  ck_assert(wait_audio(player, 10));
  ck_assert_uint_eq(server->accepted(), 2);
  // The service starts over.
  expect_posted(url, moved(announced(*server, 7)));
  ck_assert(wait_accepted(*server, 4));
  ck_assert(wait_audio(player, 25));
  expect_posted(url, moved(start));
  // It repeats what it said of the server before.
  expect_posted(url, start);
  expect_posted(url, announced(*server, 6));
  ck_assert(wait_audio(player, 25));
  end_meeting(meeting.get(), *server, url);
  player.wait_eos();
  ck_assert_uint_eq(server->accepted(), 4);
  // What the service says afterwards is answered.
  expect_posted(url, announced(*server, 8));
  player.stop();
  ck_assert(player.record().pad("audio").eos());
  expect_no_violations(*server);
}
GST_END_TEST;

GST_START_TEST(test_one_meeting) {
  auto server = serve(ticking());
  const std::string start = server->webhook_json();
  const std::string webinar =
      replaced(start, "\"meeting_uuid\"", "\"webinar_uuid\":\"W==\",\"meeting_uuid\"");
  // By its number, by its UUID, and by that of its webinar.
  for (const char *wanted : {"81234567890", "/Zk3+Tq7RZu0pXw9aB/cDg==", "W=="}) {
    Player player(listening("webhook-meeting", wanted));
    player.play();
    const std::string url = wait_listening(player);
    expect_posted(url, stream_event("meeting.rtms_started", "another", 1));
    expect_posted(url, replaced(replaced(start, "81234567890", "81234567891"), "/Zk3", "/Zk4"));
    expect_posted(url, wanted[0] == 'W' ? webinar : start);
    ck_assert_msg(wait_audio(player, 5), "%s", player.summary().c_str());
    player.stop();
  }
  expect_no_violations(*server);
}
GST_END_TEST;

// Whoever hears that the element listens knows where.
GST_START_TEST(test_url_is_known) {
  std::string known;
  const auto on_message = +[](GstBus *, GstMessage *message, gpointer data) {
    if (!gst_message_has_name(message, "rtms-listening"))
      return GST_BUS_PASS;
    char *url = nullptr;
    g_object_get(GST_MESSAGE_SRC(message), "webhook-url", &url, nullptr);
    const CharPtr owned(url);
    *static_cast<std::string *>(data) = url ? url : "";
    return GST_BUS_PASS;
  };
  ElementPtr element(gst_element_factory_make("rtmssrc", nullptr));
  gst_object_ref_sink(element.get());
  listen(element.get());
  BusPtr bus(gst_bus_new());
  gst_element_set_bus(element.get(), bus.get());
  gst_bus_set_sync_handler(bus.get(), on_message, &known, nullptr);
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  ck_assert_msg(g_str_has_prefix(known.c_str(), "http://127.0.0.1:"), "%s", known.c_str());
  gst_element_set_state(element.get(), GST_STATE_NULL);
  gst_element_set_bus(element.get(), nullptr);
}
GST_END_TEST;

// The service has lost the signaling connection: if this side has not noticed, it does now.
GST_START_TEST(test_interrupted) {
  auto meeting = std::make_shared<Meeting>();
  auto server = serve(ticking(meeting));
  Player player(listening("keep-alive-timeout", "600000"));
  player.play();
  const std::string url = wait_listening(player);
  expect_posted(url, server->webhook_json());
  ck_assert(wait_audio(player, 5));
  // It has not: nothing happens, however long after.
  expect_posted(url, told(*server, "meeting.rtms_interrupted", 1));
  ck_assert(wait_audio(player, 150));
  ck_assert_uint_eq(server->accepted(), 2);
  server->silence(Signaling);
  std::promise<void> silent;
  server->configure([&](Config &) { silent.set_value(); });
  silent.get_future().wait();
  expect_posted(url, told(*server, "meeting.rtms_interrupted", 2));
  ck_assert(wait_accepted(*server, 4));
  ck_assert(wait_audio(player, 25));
  end_meeting(meeting.get(), *server, url);
  player.wait_eos();
  player.stop();
}
GST_END_TEST;

// A long wait for the next try is cut short.
GST_START_TEST(test_interrupted_while_waiting) {
  auto server = serve(ticking());
  Player player([](GstElement *src) {
    listen(src);
    g_object_set(src, "retry-delay", 600000, "retry-delay-max", 600000,
                 "signaling-reconnect-window", 3600000, nullptr);
  });
  player.play();
  const std::string url = wait_listening(player);
  expect_posted(url, server->webhook_json());
  ck_assert(wait_audio(player, 5));
  const unsigned requests = server->requests();
  server->configure([](Config &c) {
    c.upgrade_status_signaling = 503;
    c.fault_times = 1;
  });
  server->drop(Signaling, true);
  ck_assert(
      server->wait_for([=](const Server &s) { return s.requests() > requests; }, kDeadlineMs));
  ck_assert(player.wait([](const Record &r) {
    for (const GstStructure *message : r.named("rtms-connection")) {
      guint attempt = 0;
      gst_structure_get_uint(message, "attempt", &attempt);
      if (attempt == 2)
        return true;
    }
    return false;
  }));
  expect_posted(url, told(*server, "meeting.rtms_interrupted", 1));
  ck_assert(wait_audio(player, 10));
  player.stop();
}
GST_END_TEST;

GST_START_TEST(test_stopped_before_media) {
  Config config = ticking();
  config.silent_signaling = true;
  auto server = serve(config);
  Player player(listen);
  player.play();
  const std::string url = wait_listening(player);
  expect_posted(url, server->webhook_json());
  ck_assert(wait_accepted(*server, 1));
  expect_posted(url, told(*server, "meeting.rtms_stopped", 1));
  const Failure failure = player.wait_error();
  ck_assert(failure.domain == GST_STREAM_ERROR);
}
GST_END_TEST;

GST_START_TEST(test_eos_while_waiting) {
  Player player(listen);
  player.play();
  wait_listening(player);
  ck_assert(gst_element_send_event(player.src(), gst_event_new_eos()));
  player.wait_error();
}
GST_END_TEST;

// Actions have nothing to act upon yet.
GST_START_TEST(test_actions_while_waiting) {
  auto server = serve(ticking());
  Player player(listen);
  player.play();
  const std::string url = wait_listening(player);
  g_signal_emit_by_name(player.src(), "subscribe-video", guint64{1}, TRUE);
  g_signal_emit_by_name(player.src(), "close-stream");
  g_signal_emit_by_name(player.src(), "rejoin", server->webhook_json().c_str());
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_WARNING) == 1; }));
  expect_posted(url, server->webhook_json());
  ck_assert(wait_audio(player, 5));
  player.stop();
}
GST_END_TEST;

// Signed by the service, but of no use to this element.
GST_START_TEST(test_unusable) {
  Player player(listen);
  player.play();
  expect_posted(wait_listening(player),
                R"({"event":"meeting.rtms_started","event_ts":1,"payload":{"object":{)"
                R"("meeting_uuid":"m","rtms_stream_id":"s","server_urls":"ws://192.0.2.1/s"}}})");
  const Failure failure = player.wait_error();
  ck_assert(failure.domain == GST_RESOURCE_ERROR && failure.code == GST_RESOURCE_ERROR_SETTINGS);
  ck_assert_msg(contains(failure.text, "signaling-url"), "%s", failure.text.c_str());
}
GST_END_TEST;

namespace {

void expect_refused(const Setup &setup, const std::string &words) {
  Player player(setup);
  ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  const Failure failure = player.wait_error();
  ck_assert_msg(failure.domain == GST_RESOURCE_ERROR &&
                    failure.code == GST_RESOURCE_ERROR_SETTINGS && contains(failure.text, words),
                "%s", failure.text.c_str());
}

}  // namespace

GST_START_TEST(test_settings) {
  for (const char *name : {"webhook", "webhook-location", "signaling-url", "stream-id",
                           "meeting-uuid", "session-id", "engagement-id", "call-id"})
    expect_refused(listening(name, "x"), name);
  expect_refused(listening("webhook-secret-token", ""), "webhook-secret-token");
  expect_refused(listening("webhook-listen", "127.0.0.1:8080"), "webhook-listen");
  expect_refused(listening("webhook-listen", "http://hooks.example/webhook"), "webhook-listen");
  expect_refused(listening("webhook-listen", "https://127.0.0.1:0/webhook"), "certificate");
  expect_refused(listening("webhook-tls-certificate", "/nowhere.pem"), "https://");
  // What is wrong beside that shows before a meeting begins.
  expect_refused(listening("audio-rate", "44100"), "audio-rate");
  expect_refused(listening("timeout", "0"), "timeout");
  Player first(listen);
  first.play();
  const std::string url = wait_listening(first);
  expect_refused(listening("webhook-listen", url), url);
  first.stop();
  Player second(listening("webhook-listen", url));
  second.play();
  expect_text(wait_listening(second), url);
}
GST_END_TEST;

GST_START_TEST(test_environment) {
  g_setenv("ZOOM_SECRET_TOKEN", "another", TRUE);
  for (const char *preferred : {"", kWebhookToken}) {
    g_setenv("ZM_RTMS_WEBHOOK_SECRET", preferred, TRUE);
    Player player(listening("webhook-secret-token", ""));
    player.play();
    const std::string url = wait_listening(player);
    const std::string body = kChallenge, token = *preferred ? preferred : "another";
    ck_assert_int_eq(post(url, signed_headers(body, 0, token), body).status, 200);
    ck_assert_int_eq(post(url, signed_headers(body, 0, "third"), body).status, 401);
  }
}
GST_END_TEST;

// Without credentials the user is told so before the meeting begins.
GST_START_TEST(test_no_credentials) {
  for (const char *name :
       {"ZM_RTMS_CLIENT", "ZM_RTMS_SECRET", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"})
    g_unsetenv(name);
  auto server = serve(ticking());
  Player player(listening("client-secret", ""));
  player.play();
  const std::string url = wait_listening(player);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 1);
  expect_posted(url, server->webhook_json());  // which holds a signature
  ck_assert(wait_audio(player, 5));
  player.stop();
}
GST_END_TEST;

static Suite *rtmssrc_webhook_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_webhook");
  TCase *tc = tcase_create("webhook");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_waits);
  tcase_add_test(tc, test_session);
  tcase_add_test(tc, test_one_meeting);
  tcase_add_test(tc, test_url_is_known);
  tcase_add_test(tc, test_interrupted);
  tcase_add_test(tc, test_interrupted_while_waiting);
  tcase_add_test(tc, test_stopped_before_media);
  tcase_add_test(tc, test_eos_while_waiting);
  tcase_add_test(tc, test_actions_while_waiting);
  tcase_add_test(tc, test_unusable);
  tcase_add_test(tc, test_settings);
  tcase_add_test(tc, test_environment);
  tcase_add_test(tc, test_no_credentials);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_webhook)

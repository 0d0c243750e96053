// SPDX-License-Identifier: LGPL-2.1-or-later
// The action notify-webhook: an application takes the service's webhooks, and hands them on.
#include "live.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

void sound(GstElement *src) {
  set(src, "media-types", "audio");
}

Config ticking(std::shared_ptr<StoppableTicker> meeting) {
  Config config;
  config.source = std::move(meeting);
  config.end = End::Nothing;
  return config;
}

void notify(Player &player, const std::string &json) {
  g_signal_emit_by_name(player.src(), "notify-webhook", json.c_str());
}

bool wait_accepted(Server &server, unsigned count) {
  return server.wait_for([=](const Server &s) { return s.accepted() >= count; }, kDeadlineMs);
}

bool wait_audio(Player &player, std::size_t count) {
  return player.wait([=](const Record &r) { return r.packets("audio") >= count; });
}

}  // namespace

GST_START_TEST(test_life) {
  auto meeting = std::make_shared<StoppableTicker>();
  auto server = serve(ticking(meeting));
  Player player(*server, sound);
  player.play();
  ck_assert_msg(wait_audio(player, 10), "%s", player.summary().c_str());
  ck_assert_uint_eq(server->accepted(), 2);
  for (const char *event : {"meeting.rtms_stopped", "meeting.rtms_started"})
    notify(player, stream_event(event, "another", 1));
  notify(player, stream_event("meeting.rtms_interrupted", server->stream_id(), 1));
  ck_assert(wait_audio(player, 20));
  ck_assert_uint_eq(server->accepted(), 2);
  // The service says it again; then it starts over.
  notify(player, server->webhook_json());
  ck_assert(wait_audio(player, 25));
  ck_assert_uint_eq(server->accepted(), 2);
  notify(player, moved(server->webhook_json()));
  ck_assert_msg(wait_accepted(*server, 4), "%s", player.summary().c_str());
  ck_assert(wait_audio(player, 30));
  meeting->over = true;
  std::string stopped = stream_event("meeting.rtms_stopped", server->stream_id(), 2);
  stopped.insert(stopped.find("\"rtms_stream_id\""), "\"stop_reason\":19,");
  notify(player, stopped);
  player.wait_eos();
  player.stop();
  // The service may tell the reason by webhook alone.
  const auto states = player.record().named("rtms-stream-state");
  ck_assert(!states.empty());
  gint64 reason = 0;
  gst_structure_get_int64(states.back(), "reason-code", &reason);
  ck_assert_int_eq(reason, 19);
  ck_assert_str_eq(gst_structure_get_string(states.back(), "state"), "terminated");
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  expect_no_violations(*server);
}
GST_END_TEST;

// The service announces the meeting once more, as another stream. The one that runs goes on; the
// other is joined when its server is gone, with a signature of its own, whether the application has
// the secret or a ready-made signature.
GST_START_TEST(test_another_stream) {
  auto server = serve(ticking(std::make_shared<StoppableTicker>()));
  auto meeting = std::make_shared<StoppableTicker>();
  Config config = ticking(meeting);
  config.stream_id = "another-stream";
  auto other = serve(config);
  Player player(*server, [&](GstElement *src) {
    sound(src);
    if (__i__ == 0)
      return;
    const std::string json = server->webhook_json(), key = "\"signature\":\"";
    const std::size_t at = json.find(key) + key.size();
    g_object_set(src, "client-secret", nullptr, "signature",
                 json.substr(at, json.find('"', at) - at).c_str(), nullptr);
  });
  player.play();
  ck_assert(wait_audio(player, 10));
  notify(player, other->webhook_json());
  ck_assert(player.wait([](const Record &r) { return r.named("rtms-new-stream").size() == 1; }));
  expect_text(gst_structure_get_string(player.record().named("rtms-new-stream")[0], "stream-id"),
              "another-stream");
  ck_assert(wait_audio(player, 25));
  ck_assert_uint_eq(other->accepted(), 0);
  server->stop();
  ck_assert_msg(wait_accepted(*other, 2), "%s", player.summary().c_str());
  const std::size_t before = player.record().packets("audio");
  ck_assert(wait_audio(player, before + 10));
  // From now on this is the stream that webhooks are about.
  meeting->over = true;
  notify(player, stream_event("meeting.rtms_stopped", "another-stream", 1));
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  expect_no_violations(*other);
}
GST_END_TEST;

// An older announcement of a server that is not known here: its first deliveries were lost. The
// stream stays where it is, also if it connects only; if that server goes, it moves there, and back
// when only that one answers.
GST_START_TEST(test_older) {
  const bool while_connecting = __i__;
  auto server = serve(ticking(std::make_shared<StoppableTicker>()));
  Config config = ticking(std::make_shared<StoppableTicker>());
  config.stream_id = server->stream_id();
  auto other = serve(config);
  std::string older = other->webhook_json();
  const std::string key = "\"event_ts\":";
  const std::size_t at = older.find(key) + key.size();
  older.replace(at, older.find_first_not_of("0123456789", at) - at, "1738392033699");
  Player player(*server, sound);
  player.play();
  if (!while_connecting)
    ck_assert(wait_audio(player, 10));
  notify(player, older);
  ck_assert(wait_audio(player, 150));
  ck_assert_uint_eq(server->accepted(), 2);
  ck_assert_uint_eq(other->accepted(), 0);
  server->stop();
  ck_assert_msg(wait_accepted(*other, 2), "%s", player.summary().c_str());
  const std::size_t before = player.record().packets("audio");
  ck_assert(wait_audio(player, before + 10));
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  expect_no_violations(*other);
}
GST_END_TEST;

// The service repeats the end of a stream for minutes: it may come when the stream was announced
// again.
GST_START_TEST(test_earlier_end) {
  auto meeting = std::make_shared<StoppableTicker>();
  auto server = serve(ticking(meeting));
  const std::string key = "\"event_ts\":";
  const std::string announced = server->webhook_json();
  const int64_t at_ms =
      g_ascii_strtoll(announced.c_str() + announced.find(key) + key.size(), nullptr, 10);
  const auto end = [&](int64_t when_ms) {
    return "{\"event\":\"meeting.rtms_stopped\"," + key + std::to_string(when_ms) +
           ",\"payload\":{\"rtms_stream_id\":\"" + server->stream_id() + "\"}}";
  };
  Player player(*server, sound);
  player.play();
  ck_assert(wait_audio(player, 10));
  notify(player, end(at_ms - 20000));
  const std::size_t before = player.record().packets("audio");
  ck_assert(wait_audio(player, before + 50));
  meeting->over = true;
  notify(player, end(at_ms + 20000));
  player.wait_eos();
  player.stop();
}
GST_END_TEST;

// The older announcement is of a server that is gone. The present one is away for some seconds: the
// stream goes on there.
GST_START_TEST(test_older_is_gone) {
  constexpr int64_t kAway_ms = 2000, kBack_ms = 4000;
  Config config = ticking(std::make_shared<StoppableTicker>());
  config.outages = {{Signaling, kAway_ms, kBack_ms}};
  auto server = serve(config);
  Player player(*server, sound);
  player.play();
  ck_assert(wait_audio(player, 10));
  notify(player, stream_event("meeting.rtms_started", server->stream_id(), 1));
  ck_assert_msg(wait_accepted(*server, 4), "%s", player.summary().c_str());
  const std::size_t before = player.record().packets("audio");
  ck_assert_msg(wait_audio(player, before + 50), "%s", player.summary().c_str());
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

GST_START_TEST(test_unusable) {
  auto meeting = std::make_shared<StoppableTicker>();
  auto server = serve(ticking(meeting));
  Player player(*server, sound);
  notify(player, stream_event("meeting.rtms_stopped", server->stream_id(), 1));
  player.play();
  ck_assert(wait_audio(player, 5));
  unsigned warnings = 1;
  for (const char *json : {"", "{", "{}", R"({"event":"meeting.started","payload":{}})",
                           R"({"event":"meeting.rtms_stopped","payload":{}})"}) {
    notify(player, json);
    warnings++;
    ck_assert_msg(
        player.wait([=](const Record &r) { return r.count(GST_MESSAGE_WARNING) == warnings; }),
        "%s: %s", json, player.summary().c_str());
  }
  const Failure failure = failure_of(player.record().first(GST_MESSAGE_WARNING));
  ck_assert_msg(failure.domain == GST_RESOURCE_ERROR &&
                    failure.code == GST_RESOURCE_ERROR_SETTINGS &&
                    contains(failure.text, "stopped"),
                "%s", failure.text.c_str());
  player.stop();
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *rtmssrc_notify_suite() {
  Suite *suite = suite_create("rtmssrc_notify");
  TCase *tc = tcase_create("notify");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_life);
  tcase_add_loop_test(tc, test_another_stream, 0, 2);
  tcase_add_loop_test(tc, test_older, 0, 2);
  tcase_add_test(tc, test_older_is_gone);
  tcase_add_test(tc, test_earlier_end);
  tcase_add_test(tc, test_unusable);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_notify)

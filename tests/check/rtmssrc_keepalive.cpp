// SPDX-License-Identifier: LGPL-2.1-or-later
// Keep-alives are answered at once, whatever happens downstream.
#include <algorithm>

#include "received.h"

namespace {

using namespace rtmscheck;

Setup audio_only() {
  return [](GstElement *src) { set(src, "media-types", "audio"); };
}

constexpr std::size_t kAnswers = 5;

// On one socket.
std::size_t answers(const Server &server, const char *socket) {
  const auto all = received(server, 13);
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const Received &answer) { return answer.socket == socket; }));
}

// At once; a busy machine may hold up one of them.
void check_keep_alives(Server &server, const Awake &awake, std::size_t count, const char *socket) {
  ck_assert(
      server.wait_for([&](const Server &s) { return answers(s, socket) >= count; }, kDeadlineMs));
  const int64_t unix_us = g_get_real_time() - g_get_monotonic_time();
  ObjectPtr<JsonParser> parser(json_parser_new());
  std::vector<int> took_ms;
  for (const Received &answer : received(server, 13)) {
    JsonObject *object = parse(parser.get(), answer.text);
    const int64_t asked_us = json_object_get_int_member(object, "timestamp") * 1000 - unix_us;
    took_ms.push_back(static_cast<int>(awake.ms_between(asked_us, answer.time_us)));
  }
  std::sort(took_ms.begin(), took_ms.end());
  ck_assert_uint_ge(took_ms.size(), 2);
  const int others = took_ms[took_ms.size() - 2], longest = took_ms.back();
  ck_assert_msg(others <= 100 * slowness() && longest <= kPromptMs,
                "one answer after %d ms, the others after at most %d ms", longest, others);
  expect_no_violations(server);
}

// Packets of audio, then keep-alives for ever.
Config endless(std::size_t packets) {
  Config config = fast_config(audio_source(packets));
  config.end = End::Nothing;
  config.keep_alive_ms = kKeepAliveMs;
  return config;
}

GstPadProbeReturn block(GstPad *, GstPadProbeInfo *, gpointer) {
  return GST_PAD_PROBE_OK;
}

void block_pad(GstElement *, GstPad *pad, gpointer) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, block, nullptr, nullptr);
}

}  // namespace

// A pad that is blocked for good.
GST_START_TEST(test_blocked_pad) {
  const Awake awake;
  auto server = serve(endless(5));
  Player player(*server, audio_only());
  set(player.src(), "connection-mode", __i__ ? "unified" : "split");
  g_signal_connect(player.src(), "pad-added", G_CALLBACK(block_pad), nullptr);
  player.play();
  check_keep_alives(*server, awake, kAnswers, __i__ ? "media/all" : "media/audio");
  check_keep_alives(*server, awake, kAnswers, "signaling");
  player.stop();
  ck_assert_uint_eq(player.record().packets("audio"), 0);
}
GST_END_TEST;

// A queue that has been full for long: what is old is dropped, DISCONT, counted, warned of once.
GST_START_TEST(test_full_queue) {
  const Awake awake;
  auto server = serve(endless(2000));
  Player player(*server, audio_only());
  g_object_set(player.src(), "max-queue-bytes", 64000, nullptr);
  g_signal_connect(player.src(), "pad-added", G_CALLBACK(block_pad), nullptr);
  player.play();
  ck_assert(server->wait_for([](const Server &s) { return s.finished(); }, kDeadlineMs));
  check_keep_alives(*server, awake, kAnswers, "signaling");
  check_keep_alives(*server, awake, kAnswers, "media/audio");
  ck_assert_msg(player.wait([](const Record &r) { return r.count(GST_MESSAGE_WARNING) == 1; }),
                "%s", player.summary().c_str());
  player.stop();
}
GST_END_TEST;

GST_START_TEST(test_paused) {
  const Awake awake;
  auto server = serve(endless(5));
  Player player(*server, audio_only());
  ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  check_keep_alives(*server, awake, kAnswers, "media/audio");
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 5; }));
  ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  check_keep_alives(*server, awake, answers(*server, "signaling") + kAnswers, "signaling");
  player.stop();
}
GST_END_TEST;

static Suite *rtmssrc_keepalive_suite() {
  Suite *suite = suite_create("rtmssrc_keepalive");
  TCase *tcase = tcase_create("keepalive");
  constexpr double kPatienceSeconds = 60;
  tcase_set_timeout(tcase, kPatienceSeconds);
  tcase_add_loop_test(tcase, test_blocked_pad, 0, 2);
  tcase_add_test(tcase, test_full_queue);
  tcase_add_test(tcase, test_paused);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_keepalive)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections that are lost, in every way in which that can be seen: what is lost is opened again,
// nothing else, and the media go on.
#include <algorithm>
#include <random>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

// Only silence takes a watchdog to be noticed; anywhere else it would take a machine that stands
// still for a loss.
constexpr unsigned kWatchdogMs = 3000, kNoWatchdogMs = 60000;

struct Fault {
  const char *name;
  Where where;
  Action action;
};
const Fault kFaults[] = {
    {"media close", Media::Video, Action::Close},
    {"media abort", Media::Video, Action::Abort},
    {"media silence", Media::Video, Action::Silence},
    {"signaling close", Signaling, Action::Close},
    {"signaling abort", Signaling, Action::Abort},
    {"signaling silence", Signaling, Action::Silence},
};

Config ticking() {
  Config config;
  config.source = std::make_shared<Ticker>();
  config.keep_alive_ms = 400;
  return config;
}

Setup in_mode(bool unified) {
  return [unified](GstElement *src) {
    set(src, "media-types", "audio+video");
    set(src, "connection-mode", unified ? "unified" : "split");
    g_object_set(src, "retry-delay", 200, "retry-delay-max", 200, "keep-alive-timeout",
                 kNoWatchdogMs, "latency", 3000, nullptr);
  };
}

std::size_t reconnecting(const Record &record, const char *media) {
  std::size_t count = 0;
  for (const GstStructure *message : record.named("rtms-connection")) {
    const char *state = gst_structure_get_string(message, "state");
    const char *of = gst_structure_get_string(message, "media");
    count += g_str_equal(state, "reconnecting") && g_str_equal(of, media);
  }
  return count;
}

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

// Audio and video go on after what has come by now.
void wait_more(Player &player) {
  size_t audio = 0, video = 0;
  player.wait([&](const Record &r) {
    audio = r.packets("audio");
    video = r.packets("video");
    return true;
  });
  ck_assert_msg(
      wait_packets(player, "audio", audio + 25) && wait_packets(player, "video", video + 12), "%s",
      player.summary().c_str());
}

// Numbers rise; where some are missing is a DISCONT, and in pictures a keyframe.
unsigned check_numbers(const PadRecord &pad, bool pictures) {
  unsigned holes = 0;
  int64_t last = -1;
  for (const Packet &packet : pad.packets) {
    const int64_t number = Ticker::number(packet);
    ck_assert_int_gt(number, last);
    if (number != last + 1) {
      holes++;
      ck_assert(packet.has(GST_BUFFER_FLAG_DISCONT));
      ck_assert(!pictures || Ticker::is_keyframe(number));
    }
    // The timeline survives: what was captured when has its place, but for what clocks are found
    // to differ by, first after ten seconds. Under valgrind, what comes at ten times its speed
    // falls so far behind the clock that it is taken for a jump.
    constexpr GstClockTimeDiff kClocks = 10 * GST_MSECOND;
    const GstClockTimeDiff off =
        GST_CLOCK_DIFF(number * (pictures ? 40 : 20) * GST_MSECOND, packet.pts);
    ck_assert_msg(!in_real_time() || std::abs(off) <= kClocks,
                  "%s %" G_GINT64_FORMAT ": %" GST_STIME_FORMAT, pictures ? "picture" : "sound",
                  number, GST_STIME_ARGS(off));
    last = number;
  }
  return holes;
}

std::string event_7() {
  return R"({"msg_type":6,"event":{"event_type":7,"timestamp":1738392033000}})";
}

std::string state_2() {
  return R"({"msg_type":8,"state":2,"reason":14,"timestamp":1738392033000})";
}

// All that was sent arrived.
void expect_whole(Player &player, Server &server) {
  server.end_stream(6);
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(player.record().packets("audio"), server.sent(Media::Audio));
  ck_assert_uint_eq(player.record().packets("video"), server.sent(Media::Video));
}

}  // namespace

GST_START_TEST(test_faults) {
  const Fault &fault = kFaults[__i__ / 2];
  const bool unified = __i__ % 2;
  auto server = serve(ticking());
  Player player(*server, in_mode(unified));
  if (fault.action == Action::Silence)
    g_object_set(player.src(), "keep-alive-timeout",
                 kWatchdogMs * static_cast<unsigned>(slowness()), nullptr);
  player.play();
  wait_more(player);
  const unsigned accepted = server->accepted();
  if (fault.action == Action::Silence)
    server->silence(fault.where);
  else
    server->drop(fault.where, fault.action == Action::Abort);
  const unsigned again = fault.where ? 1 : unified ? 2 : 3;
  ck_assert_msg(server->wait_for([=](const Server &s) { return s.accepted() >= accepted + again; },
                                 kDeadlineMs),
                "%s: %s", fault.name, player.summary().c_str());
  wait_more(player);
  player.stop();
  ck_assert_msg(server->accepted() == accepted + again, "%s: %u connections", fault.name,
                server->accepted());
  const Record &record = player.record();
  ck_assert_uint_le(check_numbers(record.pad("audio"), false), 1);
  ck_assert_uint_le(check_numbers(record.pad("video"), true), 1);
  ck_assert_uint_eq(record.pads.size(), 2);
  const char *media = !fault.where ? "signaling" : unified ? "audio+video" : "video";
  ck_assert_msg(reconnecting(record, media) >= 1, "%s: %s", fault.name, player.summary().c_str());
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
  expect_no_violations(*server);
}
GST_END_TEST;

// The only media connection is the one that the service means; told twice, it is done once.
GST_START_TEST(test_notice_of_the_only_one) {
  auto server = serve(ticking());
  Player player(*server, in_mode(true));
  player.play();
  wait_more(player);
  const unsigned accepted = server->accepted();
  server->send_signaling(__i__ ? state_2() : event_7());
  server->send_signaling(__i__ ? event_7() : state_2());
  ck_assert(
      server->wait_for([=](const Server &s) { return s.accepted() > accepted; }, kDeadlineMs));
  wait_more(player);
  // A notice that comes when all is repaired changes nothing.
  server->send_signaling(event_7());
  server->send_signaling(state_2());
  for (int i = 0; i < 6; i++)
    wait_more(player);
  expect_whole(player, *server);
  ck_assert_uint_eq(server->accepted(), accepted + 1);
  ck_assert_uint_eq(reconnecting(player.record(), "audio+video"), 1);
  check_numbers(player.record().pad("video"), true);
  expect_no_violations(*server);
}
GST_END_TEST;

// One of several is dead; the service does not say which. Those that live are left alone.
GST_START_TEST(test_notice_of_one_among_several) {
  constexpr int64_t kLongMs = 3500;
  auto server = serve(ticking());
  Player player(*server, in_mode(false));
  player.play();
  wait_more(player);
  const unsigned accepted = server->accepted();
  const Awake awake;
  server->silence(Media::Video);
  server->send_signaling(event_7());
  server->send_signaling(state_2());
  ck_assert(
      server->wait_for([=](const Server &s) { return s.accepted() > accepted; }, kDeadlineMs));
  expect_prompt("found", awake, kLongMs * slowness());
  wait_more(player);
  player.stop();
  ck_assert_uint_eq(server->accepted(), accepted + 1);
  ck_assert_uint_eq(reconnecting(player.record(), "audio"), 0);
  ck_assert_uint_eq(check_numbers(player.record().pad("audio"), false), 0);
  check_numbers(player.record().pad("video"), true);
  expect_no_violations(*server);
}
GST_END_TEST;

// All of them answer: nothing was lost.
GST_START_TEST(test_notice_of_nothing) {
  auto server = serve(ticking());
  Player player(*server, in_mode(false));
  player.play();
  wait_more(player);
  const unsigned accepted = server->accepted();
  server->send_signaling(event_7());
  for (int i = 0; i < 6; i++)
    wait_more(player);
  expect_whole(player, *server);
  ck_assert_uint_eq(server->accepted(), accepted);
  ck_assert_uint_eq(check_numbers(player.record().pad("audio"), false), 0);
  ck_assert_uint_eq(check_numbers(player.record().pad("video"), true), 0);
}
GST_END_TEST;

// A server fails, and another one announces the stream: whether the old one is still there or not.
GST_START_TEST(test_rejoin) {
  Config config = ticking();
  config.stream_id = "one-and-the-same";
  auto first = serve(config);
  config.source = std::make_shared<Ticker>();
  auto second = serve(config);
  Player player(*first, in_mode(__i__ % 2));
  player.play();
  wait_more(player);
  if (__i__ >= 2)
    first->stop();
  g_signal_emit_by_name(player.src(), "rejoin", second->webhook_json().c_str());
  ck_assert_msg(
      second->wait_for([](const Server &s) { return s.sent(Media::Audio) > 50; }, kDeadlineMs),
      "%s", player.summary().c_str());
  ck_assert(first->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
  player.stop();
  const Record &record = player.record();
  ck_assert_uint_eq(record.pads.size(), 2);
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
  expect_no_violations(*second);
  if (__i__ < 2)
    for (const CloseRecord &close : first->closes())
      ck_assert_msg(close.code == 1000, "%s: %u", close.socket.c_str(), close.code);
}
GST_END_TEST;

// What cannot be rejoined is a warning, and changes nothing.
GST_START_TEST(test_bad_rejoin) {
  auto server = serve(ticking());
  Config other_config = ticking();
  other_config.stream_id = "another";
  auto other = serve(other_config);
  const std::string bad[] = {"", "{}", "no JSON", other->webhook_json()};
  Player player(*server, in_mode(false));
  g_signal_emit_by_name(player.src(), "rejoin", bad[0].c_str());
  player.play();
  wait_more(player);
  const unsigned accepted = server->accepted();
  for (const std::string &webhook : bad)
    g_signal_emit_by_name(player.src(), "rejoin", webhook.c_str());
  wait_more(player);
  player.stop();
  ck_assert_uint_eq(server->accepted(), accepted);
  ck_assert_uint_eq(other->requests(), 0);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 5);
}
GST_END_TEST;

// Five minutes at ten times their speed, and 200 connections killed, or as many as there is time
// for. All that was sent on those that lived arrives, once and in order.
GST_START_TEST(test_kills) {
  constexpr int kSpeed = 10, kKills = 200, kStreamMs = 5 * 60 * 1000;
  const int fewest = 50 / slowness();
  const bool unified = __i__ % 2, abort = __i__ / 2;
  Config config = ticking();
  config.source = std::make_shared<Ticker>(kSpeed, kStreamMs);
  auto server = serve(config);
  Player player(*server, in_mode(unified));
  player.play();
  std::minstd_rand random(__i__ + 1);
  const Where places[] = {Media::Audio, Media::Video, Media::Audio, Media::Video, Signaling};
  int issued = 0;
  for (; issued < kKills && !server->finished(); issued++) {
    const Where where = places[random() % G_N_ELEMENTS(places)];
    const Media watched = where.value_or(Media::Audio);
    const uint64_t sent = server->sent(watched) + 1 + random() % 60;
    ck_assert(server->wait_for(
        [=](const Server &s) { return s.finished() || s.sent(watched) >= sent; }, kDeadlineMs));
    server->drop(where, abort);
  }
  // The kills may be over long before the stream is.
  ck_assert(server->wait_for([](const Server &s) { return s.finished(); }, kStreamMs / kSpeed));
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  std::size_t kills = 0;
  for (const char *media : {"audio", "video", "audio+video", "signaling"})
    kills += reconnecting(record, media);
  g_print("%zu of %d kills, %zu of %" G_GUINT64_FORMAT " and %zu of %" G_GUINT64_FORMAT
          " messages\n",
          kills, issued, record.packets("audio"), server->sent(Media::Audio),
          record.packets("video"), server->sent(Media::Video));
  check_numbers(record.pad("audio"), false);
  check_numbers(record.pad("video"), true);
  // What is written into a socket that is being shut down need not arrive.
  const uint64_t slack = abort ? 2 * kills : 0;
  ck_assert_uint_ge(record.packets("audio") + slack, server->sent(Media::Audio));
  ck_assert_uint_ge(record.packets("video") + slack, server->sent(Media::Video));
  ck_assert_int_ge(issued, fewest);
  // Some come where the last one is still being repaired.
  ck_assert_uint_ge(4 * kills, 3 * static_cast<std::size_t>(issued));
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *rtmssrc_reconnect_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_reconnect");
  TCase *reconnect = tcase_create("reconnect");
  tcase_set_timeout(reconnect, kPatienceSeconds);
  tcase_add_loop_test(reconnect, test_faults, 0, 2 * G_N_ELEMENTS(kFaults));
  tcase_add_loop_test(reconnect, test_notice_of_the_only_one, 0, 2);
  tcase_add_test(reconnect, test_notice_of_one_among_several);
  tcase_add_test(reconnect, test_notice_of_nothing);
  tcase_add_loop_test(reconnect, test_rejoin, 0, 4);
  tcase_add_test(reconnect, test_bad_rejoin);
  suite_add_tcase(suite, reconnect);
  const char *kills[] = {"closed", "closed-unified", "aborted", "aborted-unified"};
  for (int i = 0; i < 4; i++) {
    TCase *tcase = tcase_create(kills[i]);
    tcase_set_timeout(tcase, 2 * kPatienceSeconds);
    tcase_add_loop_test(tcase, test_kills, i, i + 1);
    suite_add_tcase(suite, tcase);
  }
  return suite;
}

GST_CHECK_MAIN(rtmssrc_reconnect)

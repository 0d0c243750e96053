// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio that comes again or late: with buffer-data, that from before the connection belongs in
// front.
#include <algorithm>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

constexpr int kVideo = 15;
constexpr int kRefused = 13;  // a status that is final
// Less than the five seconds for which the element waits.
const int64_t kAtOnceMs = 900 * slowness();

Setup with_backlog() {
  return [](GstElement *src) {
    set(src, "media-types", "audio+video");
    g_object_set(src, "buffer-data", TRUE, nullptr);
  };
}

std::string video_json(int64_t at_ms, size_t size = 500) {
  return media_json(kVideo, at_ms, access_unit(true, size, 1));
}

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

GstClockTime position(const PadRecord &pad, size_t index) {
  ck_assert_uint_lt(index, pad.packets.size());
  return pad.packets[index].pts / GST_MSECOND;
}

constexpr int kVideoMs = 60000, kFrames = 10, kMinute = kVideoMs / 20;

// Video is there first, on the connection on which the minute of audio before it follows.
void send_video(Player &player, Server &server) {
  set(player.src(), "connection-mode", "unified");
  player.play();
  wait_streaming(player, server, 1);
  for (int i = 0; i < kFrames; i++)
    server.send_media(Media::Video, video_json(kVideoMs + 40 * i));
}

void send_audio(Server &server, int from, int to) {
  for (int i = from; i < to; i++)
    server.send_media(Media::Audio, audio_json(20 * i, 0));
}

void expect_in_place(const Record &record) {
  const PadRecord &audio = record.pad("audio"), &video = record.pad("video");
  for (size_t i = 0; i < kMinute; i++)
    ck_assert_uint_eq(position(audio, i), 20 * i);
  for (size_t i = 0; i < kFrames; i++)
    ck_assert_uint_eq(position(video, i), kVideoMs + 40 * i);
}

}  // namespace

// Video is there first; then comes a minute of audio. On one connection, so that it is read in this
// order, and none of the second that the element waits is lost with finding that out.
GST_START_TEST(test_video_first) {
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  send_video(player, *server);
  send_audio(*server, 0, kMinute);
  ck_assert(wait_packets(player, "audio", kMinute) && wait_packets(player, "video", kFrames));
  player.stop();
  expect_in_place(player.record());
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
}
GST_END_TEST;

// The minute comes with a pause in it, which says nothing about what follows.
GST_START_TEST(test_pause_in_the_minute) {
  constexpr int kBefore = kMinute / 3, kPauseMs = 900;
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  send_video(player, *server);
  send_audio(*server, 0, kBefore);
  ck_assert(wait_packets(player, "audio", kBefore) && wait_packets(player, "video", kFrames));
  const auto gap = [](const Record &r) { return contains(r.pad("audio").order, "g"); };
  ck_assert(!player.wait(gap, kPauseMs));
  send_audio(*server, kBefore, kMinute);
  ck_assert(wait_packets(player, "audio", kMinute));
  player.stop();
  expect_in_place(player.record());
}
GST_END_TEST;

// Nobody has spoken before: video that waited for older audio keeps its times.
GST_START_TEST(test_newer_audio) {
  constexpr int kBefore = 25;
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  set(player.src(), "connection-mode", "unified");
  player.play();
  wait_streaming(player, *server, 1);
  for (int i = 0; i < kBefore; i++)
    server->send_media(Media::Video, video_json(40 * i));
  server->send_media(Media::Audio, audio_json(40 * kBefore, 0));
  ck_assert(wait_packets(player, "audio", 1) && wait_packets(player, "video", kBefore));
  player.stop();
  for (size_t i = 0; i < kBefore; i++)
    ck_assert_uint_eq(position(player.record().pad("video"), i), 40 * i);
  ck_assert_uint_eq(position(player.record().pad("audio"), 0), 40 * kBefore);
}
GST_END_TEST;

// Nobody speaks: the camera is not held up for longer than five seconds, and plays when it came, as
// far as the latency allows.
GST_START_TEST(test_no_audio) {
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  const bool waits = __i__;
  if (waits)
    g_object_set(player.src(), "latency", 5000, nullptr);
  player.play();
  wait_streaming(player, *server, 2);
  const Awake awake;
  const int64_t start_us = g_get_monotonic_time();
  server->send_media(Media::Video, video_json(0));
  ck_assert(wait_packets(player, "video", 1));
  expect_prompt("video", awake, 6000 * slowness());
  ck_assert_int_ge((g_get_monotonic_time() - start_us) / 1000, 4900);
  // What is older than that comes too late to be put in front: it is there, but not before it.
  server->send_media(Media::Audio, audio_json(-5000, 0));
  server->send_media(Media::Audio, audio_json(1000, 0));
  ck_assert(wait_packets(player, "audio", 2));
  player.stop();
  ck_assert_uint_eq(position(player.record().pad("video"), 0), 0);
  ck_assert_uint_eq(position(player.record().pad("audio"), 1), 1000);
  const GstSegment *segment = nullptr;
  for (const EventPtr &event : player.record().pad("video").events)
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT)
      gst_event_parse_segment(event.get(), &segment);
  const auto base_ms = static_cast<int64_t>(segment->base / GST_MSECOND);
  ck_assert_msg(!in_real_time() || (base_ms < 3000) == waits, "plays at %d ms",
                static_cast<int>(base_ms));
}
GST_END_TEST;

// FIRST_PACKET_TIMESTAMP is position 0 for the backlog, too.
GST_START_TEST(test_first_packet) {
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  player.play();
  wait_streaming(player, *server, 2);
  server->send_signaling("{\"msg_type\":6,\"event\":{\"event_type\":1,\"timestamp\":" +
                         std::to_string(kStartMs) + "}}");
  ck_assert(player.wait([](const Record &r) { return !r.named("rtms-event").empty(); }));
  server->send_media(Media::Video, video_json(30000));
  server->send_media(Media::Audio, audio_json(2000, 0));
  ck_assert(wait_packets(player, "audio", 1) && wait_packets(player, "video", 1));
  player.stop();
  ck_assert_uint_eq(position(player.record().pad("audio"), 0), 2000);
  ck_assert_uint_eq(position(player.record().pad("video"), 0), 30000);
}
GST_END_TEST;

// What is held is bounded as a queue is.
GST_START_TEST(test_hold_is_bounded) {
  constexpr guint kBytes = 100000;
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  g_object_set(player.src(), "max-queue-bytes", kBytes, nullptr);
  player.play();
  wait_streaming(player, *server, 2);
  const Awake awake;
  for (int i = 0; i < 4; i++)
    server->send_media(Media::Video, video_json(40 * i, kBytes / 3));
  ck_assert(wait_packets(player, "video", 1));
  expect_prompt("video", awake, kAtOnceMs);
  player.stop();
}
GST_END_TEST;

// Audio that leads nowhere is not waited for.
GST_START_TEST(test_audio_unlinked) {
  auto server = serve(quiet_config());
  Player player(*server, with_backlog());
  player.link_only([](const std::string &pad) { return pad == "video"; });
  player.play();
  wait_streaming(player, *server, 2);
  const Awake awake;
  server->send_media(Media::Video, video_json(0));
  ck_assert(wait_packets(player, "video", 1));
  expect_prompt("video", awake, kAtOnceMs);
  player.stop();
}
GST_END_TEST;

// After a loss, the service sends the last packets once more, or all that came: each is pushed
// once.
GST_START_TEST(test_repeated) {
  constexpr int kBefore = 50, kAll = 80;
  const int from = __i__ ? 0 : kBefore - 1;
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio");
    g_object_set(src, "latency", 10000, nullptr);
  });
  player.play();
  wait_streaming(player, *server, 1);
  send_audio(*server, 0, kBefore);
  ck_assert(wait_packets(player, "audio", kBefore));
  server->drop(Media::Audio, true);
  wait_ready(*server, 2);
  send_audio(*server, from, kAll);
  ck_assert(wait_packets(player, "audio", kAll));
  player.stop();
  const PadRecord &audio = player.record().pad("audio");
  ck_assert_uint_eq(audio.packets.size(), kAll);
  for (size_t i = 0; i < kAll; i++)
    ck_assert_uint_eq(position(audio, i), 20 * i);
}
GST_END_TEST;

// What waited for audio whose pad then leads nowhere comes before what follows.
GST_START_TEST(test_audio_unlinked_later) {
  constexpr int kTransient = 16, kTries = 2;
  Config config = quiet_config();
  config.status_media[Media::Audio] = kTransient;
  config.fault_times = kTries;
  auto server = serve(config);
  Player player(*server, with_backlog());
  player.link_only([](const std::string &pad) { return pad == "video"; });
  player.play();
  wait_ready(*server, 1);
  for (int i = 0; i < kFrames; i++)
    server->send_media(Media::Video, video_json(40 * i));
  wait_streaming(player, *server, 2);
  for (int i = kFrames; i < 2 * kFrames; i++)
    server->send_media(Media::Video, video_json(40 * i));
  ck_assert(wait_packets(player, "video", 2 * kFrames));
  player.stop();
  for (size_t i = 0; i < 2 * kFrames; i++)
    ck_assert_uint_eq(position(player.record().pad("video"), i), 40 * i);
}
GST_END_TEST;

// Audio that is refused cannot come, however long the element would wait for its connection.
GST_START_TEST(test_audio_refused) {
  Config config = quiet_config();
  config.status_media[Media::Audio] = kRefused;
  auto server = serve(config);
  Player player(*server, with_backlog());
  g_object_set(player.src(), "stall-wait", 65000, nullptr);
  player.play();
  wait_streaming(player, *server, 1);
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_WARNING) == 1; }));
  const Awake awake;
  server->send_media(Media::Video, video_json(0));
  ck_assert(wait_packets(player, "video", 1));
  expect_prompt("video", awake, kAtOnceMs);
  player.stop();
}
GST_END_TEST;

// The connection of the audio is lost before its first packet, for longer than five seconds.
GST_START_TEST(test_audio_lost) {
  constexpr int64_t kLostMs = 300, kBackMs = 7000;
  Config config = quiet_config();
  config.outages.push_back({Media::Audio, kLostMs, kBackMs});
  auto server = serve(config);
  Player player(*server, with_backlog());
  g_object_set(player.src(), "stall-wait", 65000, nullptr);
  player.play();
  const auto is = [](const char *state, std::size_t times) {
    return [=](const Record &r) {
      std::size_t found = 0;
      for (const GstStructure *message : r.named("rtms-connection"))
        found += !g_strcmp0(gst_structure_get_string(message, "media"), "audio") &&
                 !g_strcmp0(gst_structure_get_string(message, "state"), state);
      return found >= times;
    };
  };
  ck_assert(player.wait(is("reconnecting", 1)));
  server->send_media(Media::Video, video_json(1000));
  ck_assert(player.wait(is("streaming", 2), 2 * kDeadlineMs));
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1) && wait_packets(player, "video", 1));
  player.stop();
  ck_assert_uint_eq(position(player.record().pad("audio"), 0), 0);
  ck_assert_uint_eq(position(player.record().pad("video"), 0), 1000);
}
GST_END_TEST;

static Suite *rtmssrc_backlog_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_backlog");
  TCase *backlog = tcase_create("backlog");
  tcase_set_timeout(backlog, kPatienceSeconds);
  tcase_add_test(backlog, test_video_first);
  tcase_add_test(backlog, test_pause_in_the_minute);
  tcase_add_test(backlog, test_newer_audio);
  tcase_add_loop_test(backlog, test_no_audio, 0, 2);
  tcase_add_test(backlog, test_first_packet);
  tcase_add_test(backlog, test_hold_is_bounded);
  tcase_add_test(backlog, test_audio_unlinked);
  tcase_add_test(backlog, test_audio_unlinked_later);
  tcase_add_loop_test(backlog, test_repeated, 0, 2);
  tcase_add_test(backlog, test_audio_refused);
  tcase_add_test(backlog, test_audio_lost);
  suite_add_tcase(suite, backlog);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_backlog)

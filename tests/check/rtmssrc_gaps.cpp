// SPDX-License-Identifier: LGPL-2.1-or-later
// GAPs are promises: nothing starts before the end of one, or outside its segment. What is late
// moves, with its whole duration; what is known to come late is waited for.
#include <algorithm>
#include <atomic>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

constexpr int kVideo = 15;

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

GstClockTime running_time(const GstSegment *segment, GstClockTime position) {
  return gst_segment_to_running_time(segment, GST_FORMAT_TIME, position);
}

// The running time of the end of the last GAP, and what the pad did against it.
struct Promise {
  GstClockTime end = 0;
  std::string broken;
};

Promise promise_of(const PadRecord &pad) {
  Promise promise;
  const GstSegment *segment = nullptr;
  size_t packet = 0, event = 0;
  for (char letter : pad.order) {
    if (letter == 'B') {
      const Packet &now = pad.packets[packet++];
      const GstClockTime start = running_time(segment, now.pts);
      if (!GST_CLOCK_TIME_IS_VALID(start))
        promise.broken += "buffer at " + std::to_string(now.pts / GST_MSECOND) +
                          " ms is outside its segment, which begins at " +
                          std::to_string(segment->start / GST_MSECOND) + " ms\n";
      else if (start < promise.end)
        promise.broken += "buffer at " + std::to_string(start / GST_MSECOND) +
                          " ms after a GAP to " + std::to_string(promise.end / GST_MSECOND) +
                          " ms\n";
      continue;
    }
    auto one = pad.events[event++].get();
    GstClockTime start = 0, duration = 0;
    if (letter == 'G')
      gst_event_parse_segment(one, &segment);
    if (letter != 'g')
      continue;
    gst_event_parse_gap(one, &start, &duration);
    promise.end = running_time(segment, start) + duration;
  }
  return promise;
}

void expect_promises_kept(const Record &record) {
  for (const auto &[name, pad] : record.pads) {
    const std::string broken = promise_of(pad).broken;
    ck_assert_msg(broken.empty(), "%s: %s", name.c_str(), broken.c_str());
  }
}

unsigned gaps(const Record &record, const std::string &name) {
  auto found = record.pads.find(name);
  return found == record.pads.end()
             ? 0
             : static_cast<unsigned>(
                   std::count(found->second.order.begin(), found->second.order.end(), 'g'));
}

std::string span_json(int64_t start_ms, int64_t end_ms) {
  return ",\"start_time\":" + std::to_string(kStartMs + start_ms) +
         ",\"end_time\":" + std::to_string(kStartMs + end_ms);
}

// Audio in real time, until it is over.
class Meeting {
 public:
  explicit Meeting(const Setup &setup) {
    Config config = quiet_config();
    source_ = std::make_shared<StoppableTicker>();
    config.source = source_;
    config.pace = Pace::Realtime;
    server = serve(config);
    player = std::make_unique<Player>(*server, setup);
    player->play();
    ck_assert(wait_packets(*player, "audio", 10));
  }
  ~Meeting() { source_->over = true; }

  // How far the audio has come, in ms.
  int64_t now_ms() {
    int64_t number = 0;
    player->wait([&](const Record &r) {
      number = Ticker::number(r.pad("audio").packets.back());
      return true;
    });
    return number * 20;
  }

  std::unique_ptr<Server> server;
  std::unique_ptr<Player> player;

 private:
  std::shared_ptr<StoppableTicker> source_;
};

Setup audio_and(const std::string &media, const char *property = nullptr, guint value = 0) {
  return [=](GstElement *src) {
    set(src, "media-types", "audio+" + media);
    if (property)
      g_object_set(src, property, value, nullptr);
  };
}

}  // namespace

// A line is complete seconds after it began: by then its place has passed.
GST_START_TEST(test_late_text) {
  constexpr int64_t kLength_ms = 1500;
  Meeting meeting(audio_and("transcript"));
  Player &player = *meeting.player;
  for (unsigned line = 1; line <= 2; line++) {
    ck_assert(player.wait([=](const Record &r) { return gaps(r, "transcript") >= 6 * line; }));
    const int64_t now_ms = meeting.now_ms();
    meeting.server->send_media(Media::Transcript,
                               transcript_json(now_ms, span_json(now_ms - kLength_ms, now_ms)));
    ck_assert(wait_packets(player, "transcript", line));
  }
  player.stop();
  expect_promises_kept(player.record());
  for (const Packet &line : player.record().pad("transcript").packets) {
    ck_assert_uint_eq(line.duration, kLength_ms * GST_MSECOND);
    ck_assert_uint_le(line.capture, line.pts + kStartMs * GST_MSECOND + 500 * GST_MSECOND);
  }
}
GST_END_TEST;

// Recordings wait for it.
GST_START_TEST(test_text_wait) {
  constexpr int64_t kLength_ms = 1500, kWait_ms = 3000;
  Meeting meeting(audio_and("transcript", "text-wait", kWait_ms));
  Player &player = *meeting.player;
  ck_assert(player.wait([](const Record &r) { return gaps(r, "transcript") >= 4; }));
  const int64_t now_ms = meeting.now_ms();
  meeting.server->send_media(Media::Transcript,
                             transcript_json(now_ms, span_json(now_ms - kLength_ms, now_ms)));
  ck_assert(wait_packets(player, "transcript", 1));
  player.stop();
  expect_promises_kept(player.record());
  const Packet &line = player.record().pad("transcript").packets[0];
  ck_assert_int_eq(static_cast<int64_t>(line.pts / GST_MSECOND), now_ms - kLength_ms);
  ck_assert_uint_eq(line.duration, kLength_ms * GST_MSECOND);
}
GST_END_TEST;

// A camera's pictures were captured before the first audio, and come after it; so was a line.
GST_START_TEST(test_before_the_first_media) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video+transcript"));
  player.play();
  wait_streaming(player, *server, 3);
  const int64_t first_ms = __i__ == 0 ? 300 : 5000;
  server->send_signaling(event_json(1, "\"user_id\":0"));  // FIRST_PACKET_TIMESTAMP: kStartMs
  ck_assert(player.wait([](const Record &r) { return !r.named("rtms-event").empty(); }));
  server->send_media(Media::Audio, audio_json(first_ms, 0));
  ck_assert(wait_packets(player, "audio", 1));
  for (int i = 0; i < 5; i++)
    server->send_media(Media::Video,
                       media_json(kVideo, first_ms - 200 + 40 * i, access_unit(i == 0, 500, 1)));
  server->send_media(Media::Transcript,
                     transcript_json(first_ms + 500, span_json(first_ms - 3000, first_ms + 400)));
  ck_assert(wait_packets(player, "video", 5) && wait_packets(player, "transcript", 1));
  player.stop();
  expect_promises_kept(player.record());
  const auto &pictures = player.record().pad("video").packets;
  for (size_t i = 1; i < pictures.size(); i++)
    ck_assert_uint_gt(pictures[i].pts, pictures[i - 1].pts);
  ck_assert_uint_eq(pictures[0].capture, (kStartMs + first_ms - 200) * GST_MSECOND);
  ck_assert_uint_eq(player.record().pad("transcript").packets[0].duration, 3400 * GST_MSECOND);
}
GST_END_TEST;

namespace {

// The audio connection is lost for a while; what was captured meanwhile comes afterwards.
void lose_audio(Player &player, Server &server, int64_t away_ms) {
  player.play();
  wait_streaming(player, server, 2);
  server.send_media(Media::Audio, audio_json(0, 0));
  server.send_media(Media::Video, media_json(kVideo, 0, access_unit(true, 500, 1)));
  ck_assert(wait_packets(player, "audio", 1) && wait_packets(player, "video", 1));
  unsigned before = 0;
  player.wait([&](const Record &r) { return (before = gaps(r, "video"), true); });
  const Awake awake;
  server.configure([](Config &config) { config.upgrade_status_media = 503; });
  server.drop(Media::Audio, true);
  // The other pad's GAPs tell the time.
  ck_assert(
      player.wait([&](const Record &r) { return gaps(r, "video") >= before + away_ms / 250; }));
  server.configure([](Config &config) { config.upgrade_status_media = 0; });
  wait_ready(server, 3);
  const int64_t back_ms = awake.ms();
  for (int64_t at_ms = 20; at_ms < back_ms; at_ms += 20)
    server.send_media(Media::Audio, audio_json(at_ms, 0));
  ck_assert(wait_packets(player, "audio", static_cast<size_t>(back_ms / 20) - 1));
}

Setup with_replay_wait(guint wait_ms) {
  return [=](GstElement *src) {
    set(src, "media-types", "audio+video");
    g_object_set(src, "retry-delay", 100, "retry-delay-max", 200, nullptr);
    if (wait_ms)
      g_object_set(src, "replay-wait", wait_ms, nullptr);
  };
}

}  // namespace

// Replayed audio has its place: no GAP was sent instead.
GST_START_TEST(test_replay) {
  auto server = serve(quiet_config());
  Player player(*server, with_replay_wait(0));
  lose_audio(player, *server, 1500);
  player.stop();
  expect_promises_kept(player.record());
  const auto &packets = player.record().pad("audio").packets;
  for (size_t i = 0; i < packets.size(); i++)
    ck_assert_msg(packets[i].pts == 20 * i * GST_MSECOND, "packet %zu at %d ms", i,
                  static_cast<int>(packets[i].pts / GST_MSECOND));
}
GST_END_TEST;

// Live, there is no waiting for it.
GST_START_TEST(test_no_replay_wait) {
  auto server = serve(quiet_config());
  Player player(*server, with_replay_wait(1));
  lose_audio(player, *server, 1500);
  player.stop();
  ck_assert_uint_ge(gaps(player.record(), "audio"), 2);
  expect_promises_kept(player.record());
}
GST_END_TEST;

// The connections stand still for longer than the latency; then all that was held up has its place.
GST_START_TEST(test_stall_wait) {
  constexpr unsigned kPackets = 100;
  Config config = quiet_config();
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < kPackets; i++) {
    source->add(item(Media::Audio, 20 * i, random_bytes(640, i), 0));
    source->add(item(Media::Video, 20 * i, access_unit(i % 10 == 0, 500, i)));
  }
  config.source = source;
  config.pace = Pace::Realtime;
  for (Media m : {Media::Audio, Media::Video}) {
    config.script.push_back({400, m, "", Action::Stall});
    config.script.push_back({1600, m, "", Action::Resume});
  }
  auto server = serve(std::move(config));
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio+video");
    set(src, "fill", "black");
    g_object_set(src, "latency", 200, "stall-wait", 5000, nullptr);
  });
  player.play();
  ck_assert(wait_packets(player, "audio", kPackets) && wait_packets(player, "video", kPackets));
  player.stop();
  expect_promises_kept(player.record());
  for (const char *name : {"audio", "video"}) {
    const auto &packets = player.record().pad(name).packets;
    ck_assert_msg(packets.size() == kPackets, "%s: %zu buffers", name, packets.size());
    for (size_t i = 0; i < packets.size(); i++)
      ck_assert_msg(packets[i].pts / GST_MSECOND == 20 * i || !in_real_time(), "%s %zu at %d ms",
                    name, i, static_cast<int>(packets[i].pts / GST_MSECOND));
  }
}
GST_END_TEST;

// The thread that reads the connections is late. What arrives meanwhile is not missing: nobody has
// read it yet.
GST_START_TEST(test_late_reader) {
  constexpr uint64_t kMeanwhile = 50;  // packets: 1 s
  std::atomic<Server *> blocker{nullptr};
  const auto received = +[](GstElement *, GstPad *, GstBuffer *, gpointer data) {
    Server *server = static_cast<std::atomic<Server *> *>(data)->exchange(nullptr);
    if (!server)
      return;
    const uint64_t enough = server->sent(Media::Audio) + kMeanwhile;
    server->wait_for([=](const Server &s) { return s.sent(Media::Audio) >= enough; }, kDeadlineMs);
  };
  Meeting meeting([&](GstElement *src) {
    set(src, "media-types", "audio+video");
    g_signal_connect(src, "audio-received", G_CALLBACK(received), &blocker);
  });
  blocker = meeting.server.get();
  ck_assert(wait_packets(*meeting.player, "audio", 10 + 2 * kMeanwhile));
  meeting.player->stop();
  expect_promises_kept(meeting.player->record());
  const auto &packets = meeting.player->record().pad("audio").packets;
  for (size_t i = 1; i < packets.size(); i++)
    ck_assert_msg(packets[i].pts == packets[0].pts + 20 * i * GST_MSECOND || !in_real_time(),
                  "packet %zu at %d ms", i, static_cast<int>(packets[i].pts / GST_MSECOND));
}
GST_END_TEST;

// Somebody's audio of half a minute ago comes while others' does: others' pads do not say that it
// will not.
GST_START_TEST(test_backlog_of_two) {
  constexpr int64_t kSilence_ms = 40000;
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio+video");
    set(src, "audio-streams", "per-participant");
    g_object_set(src, "buffer-data", TRUE, nullptr);
  });
  player.play();
  wait_ready(*server, 2);
  server->send_media(Media::Audio, audio_json(0, 7));
  server->send_media(Media::Audio, audio_json(0, 8));
  ck_assert(wait_packets(player, "audio_1", 1));
  server->send_media(Media::Video, media_json(kVideo, 2 * kSilence_ms, access_unit(true, 500, 1)));
  ck_assert(wait_packets(player, "video", 1));
  size_t sent = 1;
  for (int64_t at_ms = 20; at_ms < kSilence_ms; at_ms += 200, sent++) {
    server->send_media(Media::Audio, audio_json(at_ms, 7));
    ck_assert(wait_packets(player, "audio_0", sent + 1));
    // In real time somewhat: a pad that is silent for a quarter of a second says so.
    g_usleep(5000);
  }
  server->send_media(Media::Audio, audio_json(kSilence_ms, 8));
  ck_assert(wait_packets(player, "audio_1", 2));
  player.stop();
  expect_promises_kept(player.record());
  ck_assert_uint_ge(gaps(player.record(), "audio_1"), 1);
  ck_assert_uint_eq(player.record().pad("audio_1").packets[1].pts, kSilence_ms * GST_MSECOND);
}
GST_END_TEST;

static Suite *rtmssrc_gaps_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_gaps");
  TCase *gaps = tcase_create("gaps");
  tcase_set_timeout(gaps, kPatienceSeconds);
  tcase_add_test(gaps, test_late_text);
  tcase_add_test(gaps, test_text_wait);
  tcase_add_loop_test(gaps, test_before_the_first_media, 0, 2);
  tcase_add_test(gaps, test_replay);
  tcase_add_test(gaps, test_no_replay_wait);
  tcase_add_test(gaps, test_stall_wait);
  tcase_add_test(gaps, test_late_reader);
  tcase_add_test(gaps, test_backlog_of_two);
  suite_add_tcase(suite, gaps);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_gaps)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Meetings that do not go by the book: late media, pauses, losses, floods. Each of these broke the
// element once.
#include "failures.h"
#include "live.h"

#include <algorithm>

using namespace rtmscheck;

namespace {

// The segment that holds for the pad's last buffer.
const GstSegment *last_segment(const PadRecord &pad) {
  const GstSegment *segment = nullptr;
  for (const EventPtr &event : pad.events)
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT)
      gst_event_parse_segment(event.get(), &segment);
  return segment;
}

unsigned gaps_after_last_segment(const PadRecord &pad) {
  const size_t at = pad.order.rfind('G');
  return static_cast<unsigned>(
      std::count(pad.order.begin() + static_cast<long>(at), pad.order.end(), 'g'));
}

// Never ends, never pauses.
class Flood : public MediaSource {
 public:
  bool next(Media m, MediaItem &made, int64_t &due_ms) override {
    made = item(m, 20 * index_, {1, 2, 3, 4});
    due_ms = 20 * index_++;
    return m == Media::Audio;
  }

 private:
  int64_t index_ = 0;
};

}  // namespace

// GAPs that came before the first media do not keep later ones away.
GST_START_TEST(test_late_media) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  auto gaps = [](const Record &r, const char *pad) {
    auto found = r.pads.find(pad);
    return found == r.pads.end() ? 0 : gaps_after_last_segment(found->second);
  };
  ck_assert(player.wait([&](const Record &r) { return gaps(r, "video") >= 3; }));
  server->send_media(Media::Audio, audio_json(0));
  ck_assert(player.wait([&](const Record &r) {
    return r.packets("audio") == 1 && last_segment(r.pads.at("video"))->base > 0 &&
           gaps(r, "video") >= 3;
  }));
  player.stop();
}
GST_END_TEST;

// A camera that was never on: the parser behind it names its caps before the end.
GST_START_TEST(test_nothing_before_the_end) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  server->send_media(Media::Audio, audio_json(0));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 1; }));
  server->end_stream(6);
  player.wait_eos();
  player.stop();
  const std::string &order = player.record().pad("video").order;
  const size_t gap = order.find('g');
  ck_assert_msg(gap != std::string::npos && gap < order.find('E'), "%s", order.c_str());
}
GST_END_TEST;

// A pause of the pipeline, a minute by the meeting's clock: what comes then plays where the
// pipeline is.
GST_START_TEST(test_pause) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  server->send_media(Media::Audio, audio_json(0));
  server->send_media(Media::Video, media_json(15, 0, access_unit(true, 500, 1)));
  ck_assert(player.wait(
      [](const Record &r) { return r.packets("audio") == 1 && r.packets("video") == 1; }));
  player.state(GST_STATE_PAUSED);
  player.play();
  server->send_media(Media::Video, media_json(15, 60000, access_unit(false, 500, 2)));
  server->send_media(Media::Video, media_json(15, 60040, access_unit(true, 500, 3)));
  server->send_media(Media::Audio, audio_json(60040));
  ck_assert(player.wait(
      [](const Record &r) { return r.packets("audio") == 2 && r.packets("video") == 2; }));
  player.stop();
  for (const char *name : {"audio", "video"}) {
    const PadRecord &pad = player.record().pad(name);
    const Packet &packet = pad.packets.back();
    // On the meeting's time line, resumed with DISCONT, video at a keyframe.
    ck_assert_uint_eq(packet.pts, 60040 * GST_MSECOND);
    ck_assert(packet.has(GST_BUFFER_FLAG_DISCONT));
    ck_assert(!packet.has(GST_BUFFER_FLAG_DELTA_UNIT));
    const GstClockTime running =
        gst_segment_to_running_time(last_segment(pad), GST_FORMAT_TIME, packet.pts);
    ck_assert_msg(running < 20 * GST_SECOND * static_cast<unsigned>(slowness()),
                  "%s: %" GST_TIME_FORMAT, name, GST_TIME_ARGS(running));
  }
}
GST_END_TEST;

// What came early is ahead of the clock: after a pause nothing plays before its end.
GST_START_TEST(test_pause_after_a_burst) {
  constexpr int kPackets = 200;
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_streaming(player, *server, 1);
  for (int i = 0; i < kPackets; i++)
    server->send_media(Media::Audio, audio_json(20 * i));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == kPackets; }));
  const PadRecord &pad = player.record().pad("audio");
  const GstClockTime before =
      gst_segment_to_running_time(last_segment(pad), GST_FORMAT_TIME, pad.packets.back().pts);
  player.state(GST_STATE_PAUSED);
  player.play();
  server->send_media(Media::Audio, audio_json(60000));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == kPackets + 1; }));
  player.stop();
  const GstClockTime after =
      gst_segment_to_running_time(last_segment(pad), GST_FORMAT_TIME, pad.packets.back().pts);
  ck_assert_msg(after >= before + pad.packets.back().duration,
                "%" GST_TIME_FORMAT " after %" GST_TIME_FORMAT, GST_TIME_ARGS(after),
                GST_TIME_ARGS(before));
}
GST_END_TEST;

// A line that says that it begins in 41 days does not hold up those that follow.
GST_START_TEST(test_transcript_from_the_future) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+transcript"));
  player.play();
  wait_streaming(player, *server, 2);
  server->send_media(Media::Audio, audio_json(0));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 1; }));
  server->send_media(Media::Transcript, transcript_json(500, ",\"start_time\":3600000000"));
  server->send_media(Media::Transcript, transcript_json(1500, ""));
  ck_assert(player.wait([](const Record &r) { return r.packets("transcript") == 2; }));
  player.stop();
  const PadRecord &pad = player.record().pad("transcript");
  ck_assert_uint_eq(pad.packets[0].pts, 500 * GST_MSECOND);
  ck_assert_uint_eq(pad.packets[1].pts, 1500 * GST_MSECOND);
}
GST_END_TEST;

// The service's clocks need not agree: a line that begins a little after it came begins then.
GST_START_TEST(test_transcript_ahead) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+transcript"));
  player.play();
  wait_streaming(player, *server, 2);
  server->send_media(Media::Audio, audio_json(0));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 1; }));
  const std::string start = std::to_string(kStartMs + 800), end = std::to_string(kStartMs + 1500);
  server->send_media(Media::Transcript,
                     transcript_json(0, ",\"start_time\":" + start + ",\"end_time\":" + end));
  ck_assert(player.wait([](const Record &r) { return r.packets("transcript") == 1; }));
  player.stop();
  const Packet &line = player.record().pad("transcript").packets[0];
  ck_assert_uint_eq(line.pts, 800 * GST_MSECOND);
  ck_assert_uint_eq(line.duration, 700 * GST_MSECOND);
}
GST_END_TEST;

// The first line, too: its times count from FIRST_PACKET_TIMESTAMP, although that is long ago.
GST_START_TEST(test_first_transcript) {
  const int64_t before_ms = __i__ == 0 ? 5000 : 300000;
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "transcript");
    set(src, "transcript-format", "json");
  });
  player.play();
  wait_streaming(player, *server, 1);
  server->send_signaling(R"({"msg_type":6,"event":{"event_type":1,"timestamp":)" +
                         std::to_string(kStartMs) + "}}");
  ck_assert(player.wait([](const Record &r) { return !r.named("rtms-event").empty(); }));
  const std::string times = ",\"start_time\":" + std::to_string(before_ms - 1000) +
                            ",\"end_time\":" + std::to_string(before_ms - 500);
  server->send_media(Media::Transcript, transcript_json(before_ms, times));
  ck_assert(player.wait([](const Record &r) { return r.packets("transcript") == 1; }));
  player.stop();
  const Packet &line = player.record().pad("transcript").packets[0];
  const std::string text(line.bytes.begin(), line.bytes.end());
  const std::string start = std::to_string(kStartMs + before_ms - 1000);
  ck_assert_msg(contains(text, "\"start_time\":" + start), "%s", text.c_str());
  ck_assert_uint_eq(line.duration, 500 * GST_MSECOND);
}
GST_END_TEST;

// The last that somebody said can come later than the news that they have left.
GST_START_TEST(test_participant_leaves) {
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  });
  player.play();
  ck_assert(server->wait_for(
      [](const Server &s) {
        auto all = s.received();
        return std::any_of(all.begin(), all.end(),
                           [](const Received &r) { return contains(r.text, "\"msg_type\":7"); });
      },
      kDeadlineMs));
  server->send_media(Media::Audio, audio_json(0, 7));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_0") == 1; }));
  server->send_signaling(
      R"({"msg_type":6,"event":{"event_type":4,"participants":[{"user_id":7}],"timestamp":1}})");
  ck_assert(player.wait([](const Record &r) { return !r.named("rtms-participant-left").empty(); }));
  server->send_media(Media::Audio, audio_json(20, 7));
  server->send_media(Media::Audio, audio_json(20, 8));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_1") == 1; }));
  server->send_media(Media::Audio, audio_json(40, 8));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_1") == 2; }));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_0") == 2; }));
  player.stop();
  ck_assert_uint_eq(player.record().pads.size(), 2);
}
GST_END_TEST;

// Who comes back is heard at once, on the same pad: nobody was away.
GST_START_TEST(test_participant_returns) {
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  });
  player.play();
  wait_ready(*server, 1);
  server->send_media(Media::Audio, audio_json(0, 7));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_0") == 1; }));
  server->send_signaling(event_json(4, R"("participants":[{"user_id":7}])"));
  ck_assert(player.wait([](const Record &r) { return !r.named("rtms-participant-left").empty(); }));
  server->send_signaling(event_json(3, R"("participants":[{"user_id":7,"user_name":"Ann"}])"));
  ck_assert(
      player.wait([](const Record &r) { return !r.named("rtms-participant-joined").empty(); }));
  server->send_media(Media::Audio, audio_json(500, 7));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_0") == 2; }));
  player.stop();
  const PadRecord &pad = player.record().pad("audio_0");
  ck_assert_uint_eq(pad.packets[1].pts, 500 * GST_MSECOND);
  ck_assert_uint_eq(std::count(pad.order.begin(), pad.order.end(), 'S'), 1);
  ck_assert(!contains(pad.order.substr(0, pad.order.rfind('B')), "E"));
}
GST_END_TEST;

// A service that says that the stream is over, and sends on and on.
GST_START_TEST(test_media_after_the_end) {
  auto server = serve(endless_config(Pace::Realtime, 100000));
  Player player(*server, with("media-types", "audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") >= 5; }));
  const int64_t told_us = g_get_monotonic_time();
  server->send_signaling(R"({"msg_type":8,"state":4,"reason":6,"timestamp":1})");
  player.wait_eos();
  const int64_t took_us = g_get_monotonic_time() - told_us;
  player.stop();
  ck_assert_msg(took_us < 5 * slowness() * G_USEC_PER_SEC, "%" G_GINT64_FORMAT " us", took_us);
}
GST_END_TEST;

// After a loss the only kind of media is refused: an error, not silence.
GST_START_TEST(test_refused_after_a_loss) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_streaming(player, *server, 1);
  server->configure([](Config &config) { config.status_media[Media::Audio] = 9; });
  server->drop(Media::Audio, true);
  Failure failure = player.wait_error();
  ck_assert_msg(contains(failure.text, "MEDIA_TYPE_AUDIO_NOT_SUPPORT"), "%s", failure.text.c_str());
}
GST_END_TEST;

// A media connection is lost: it alone is opened again, and what comes then begins with DISCONT.
GST_START_TEST(test_media_loss) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  server->send_media(Media::Audio, audio_json(0));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 1; }));
  server->drop(Media::Audio, true);
  wait_streaming(player, *server, 3);
  server->send_media(Media::Audio, audio_json(5000));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 2; }));
  player.stop();
  const Packet &packet = player.record().pad("audio").packets.back();
  ck_assert_uint_eq(packet.pts, 5000 * GST_MSECOND);
  ck_assert(packet.has(GST_BUFFER_FLAG_DISCONT));
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// The signaling connection is lost: everything is opened again, in order.
GST_START_TEST(test_signaling_loss) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  server->drop(Signaling, true);
  wait_streaming(player, *server, 4);
  server->send_media(Media::Audio, audio_json(5000));
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 1; }));
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// Asked for before there is a connection: it is asked for when there is one.
GST_START_TEST(test_early_close_stream) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio"));
  player.play();
  g_signal_emit_by_name(player.src(), "close-stream");
  ck_assert(player.wait(
      [](const Record &r) { return r.count(GST_MESSAGE_EOS) + r.count(GST_MESSAGE_ERROR) > 0; }));
  ck_assert(server->wait_for(
      [](const Server &s) {
        auto all = s.received();
        return std::any_of(all.begin(), all.end(),
                           [](const Received &r) { return contains(r.text, "\"msg_type\":21"); });
      },
      kDeadlineMs));
  player.stop();
}
GST_END_TEST;

// A server that never pauses cannot keep the element from stopping.
GST_START_TEST(test_flood) {
  auto server = serve(fast_config(std::make_shared<Flood>()));
  Player player(*server, with("media-types", "audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") >= 1000; }));
  player.stop();
}
GST_END_TEST;

// A server that writes no timestamps: the audio is as long as it took to arrive.
GST_START_TEST(test_no_timestamps) {
  constexpr unsigned kPackets = 100;
  Config config = quiet_config();
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < kPackets; i++) {
    MediaItem one = item(Media::Audio, 20 * i, random_bytes(640, i), 0);
    one.raw = audio_json(20 * i, 0);
    const std::size_t at = one.raw.find(",\"timestamp\":");
    one.raw.erase(at, one.raw.find_first_of(",}", at + 1) - at);
    source->add(std::move(one));
  }
  config.source = source;
  config.pace = Pace::Realtime;
  auto server = serve(std::move(config));
  Player player(*server, with("media-types", "audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == size_t{kPackets}; }));
  player.stop();
  const auto &packets = player.record().pad("audio").packets;
  const auto length_ms = static_cast<int>((packets.back().pts - packets[0].pts) / GST_MSECOND);
  ck_assert_msg(std::abs(length_ms - 20 * static_cast<int>(kPackets - 1)) <= 300 * slowness(),
                "%d ms", length_ms);
}
GST_END_TEST;

static Suite *rtmssrc_odd_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_odd");
  TCase *odd = tcase_create("odd");
  tcase_set_timeout(odd, kPatienceSeconds);
  tcase_add_test(odd, test_late_media);
  tcase_add_test(odd, test_nothing_before_the_end);
  tcase_add_test(odd, test_pause);
  tcase_add_test(odd, test_pause_after_a_burst);
  tcase_add_test(odd, test_transcript_from_the_future);
  tcase_add_test(odd, test_transcript_ahead);
  tcase_add_loop_test(odd, test_first_transcript, 0, 2);
  tcase_add_test(odd, test_participant_leaves);
  tcase_add_test(odd, test_participant_returns);
  tcase_add_test(odd, test_media_after_the_end);
  tcase_add_test(odd, test_no_timestamps);
  tcase_add_test(odd, test_refused_after_a_loss);
  tcase_add_test(odd, test_media_loss);
  tcase_add_test(odd, test_signaling_loss);
  tcase_add_test(odd, test_early_close_stream);
  tcase_add_test(odd, test_flood);
  suite_add_tcase(suite, odd);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_odd)

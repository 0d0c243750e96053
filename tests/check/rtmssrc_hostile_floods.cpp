// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that sends more than anybody needs: what is kept of it is bounded, what is told of it is
// told once, and the stream goes on.
#include "failures.h"
#include "hostile.h"
#include "hostilescenes.h"

#include <algorithm>

namespace {

using namespace rtmscheck;

constexpr unsigned kMaxSpeakers = 512;  // with a pad each

Setup per_participant(const RawServer &server) {
  return [setup = server.client()](GstElement *src) {
    setup(src);
    set(src, "audio-streams", "per-participant");
  };
}

// The media connection's talk: the messages that `nth` makes, and the last audio.
RawServer::Talk media_flood(int count, std::function<std::string(int)> nth) {
  return [=](RawPeer &peer) {
    if (!peer.media_handshake() || !peer.wait_ready() || !flood(peer, count, nth))
      return;
    peer.send_json(last_audio());
    peer.linger();
  };
}

RawServer::Talk signaling_flood(int count, std::function<std::string(int)> nth) {
  return [=](RawPeer &peer) {
    if (peer.signaling_handshake() && peer.expect(7) && flood(peer, count, nth))
      peer.linger();
  };
}

// When the signaling connection has answered its sign of life.
void nice_afterwards(RawPeer &peer) {
  RawServer &server = peer.server();
  if (!peer.media_handshake() || !server.wait_for([&] { return server.received(13) > 0; }))
    return;
  peer.send_json(last_audio());
  peer.linger();
}

GstPadProbeReturn hold(GstPad *, GstPadProbeInfo *, gpointer) {
  return GST_PAD_PROBE_OK;
}

void hold_pad(GstElement *, GstPad *pad, gpointer) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, nullptr, nullptr);
}

// Waits until the media connection has answered: all before was read. Its pad is blocked.
void expect_answered(Player &player, RawServer &server) {
  player.play();
  ck_assert_msg(server.wait_for([&] { return server.received(13) > 0; }), "%s",
                player.summary().c_str());
  expect_no_error(player);
}

}  // namespace

// Who speaks: as many pads as any meeting needs, one warning, and the rest is counted.
GST_START_TEST(test_speakers) {
  constexpr int kSpeakers = 20000;
  MemoryBound memory(128);
  RawServer server(
      {}, media_flood(kSpeakers, [](int i) { return audio_json(0, static_cast<uint64_t>(i)); }));
  Player player(per_participant(server));
  player.play();
  wait_last(player);  // user 77 has a pad
  // And what was said before has been counted.
  ck_assert(
      player.wait([](const Record &r) { return r.packets("audio_77") == 2; }, 3 * kDeadlineMs));
  ck_assert_uint_eq(stat(player.src(), "dropped"), kSpeakers - kMaxSpeakers);
  player.stop();
  memory.expect_kept();
  ck_assert_msg(player.record().count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  ck_assert_uint_eq(player.record().pads.size(), kMaxSpeakers);
  server.finish();
}
GST_END_TEST;

// Very many have left, all pads are in use, and each packet is somebody else's: that takes less
// than the five seconds after which a silent pad is another's.
GST_START_TEST(test_speakers_after_leaves) {
  constexpr int kLeft = 10000, kSpeakers = 20000;
  const auto leave = [] {
    std::string text = join_of(1000000, kLeft, "");
    text.replace(text.find("\"event_type\":3"), 14, "\"event_type\":4");
    return text;
  };
  std::atomic<bool> left{false};
  RawServer server(
      [&](RawPeer &peer) {
        if (!peer.signaling_handshake() || !peer.expect(7) || !peer.send_json(leave()) ||
            !peer.keep_alive())
          return;
        left = true;
        peer.linger();
      },
      [&](RawPeer &peer) {
        if (!peer.media_handshake() || !peer.wait_ready() ||
            !peer.server().wait_for([&] { return left.load(); }) ||
            !flood(peer, kSpeakers, [](int i) { return audio_json(0, static_cast<uint64_t>(i)); }))
          return;
        peer.send_json(last_audio());
        peer.linger();
      });
  Player player(per_participant(server));
  player.play();
  ck_assert(
      player.wait([](const Record &r) { return r.packets("audio_77") == 2; }, 2 * kDeadlineMs));
  ck_assert_uint_eq(stat(player.src(), "dropped"), kSpeakers - kMaxSpeakers);
  player.stop();
  server.finish();
}
GST_END_TEST;

// Participants by the ten thousand, again and again, with names of their own.
GST_START_TEST(test_participants) {
  constexpr int kEach = 4000, kEvents = 300;
  const std::string name(200, 'n');
  std::unique_ptr<MemoryBound> memory;
  RawServer server(signaling_flood(kEvents,
                                   [&](int i) {
                                     // What one event takes is taken for all, twice perhaps: all
                                     // together are 265 MiB.
                                     if (i == 2)
                                       memory = std::make_unique<MemoryBound>(128);
                                     return join_of(i * kEach, kEach, name);
                                   }),
                   nice_afterwards);
  Player player(server.client());
  // A sanitizer takes seconds for what comes before the other connection's turn.
  g_object_set(player.src(), "timeout", 6 * kDeadlineMs, nullptr);
  forget_messages(player);
  expect_streaming(player, server);
  memory->expect_kept();
  player.stop();
  server.finish();
}
GST_END_TEST;

// Events faster than the application reads its bus: what waits there is bounded, and told.
GST_START_TEST(test_unread_bus) {
  constexpr int kEach = 5000, kEvents = 40, kMost = 20000;
  std::atomic<bool> was_read{false};
  RawServer server(
      [&](RawPeer &peer) {
        if (!peer.signaling_handshake() || !peer.expect(7))
          return;
        for (int i = 0; i < kEvents; i++)
          peer.send_json(join_of(i * kEach, kEach, ""));
        peer.server().expect(peer.keep_alive(), "an answer");
        peer.server().wait_for([&] { return was_read.load(); });
        peer.send_json(join_of(1, 1, ""));
        peer.linger();
      },
      nice_afterwards);
  ElementPtr pipeline(gst_parse_launch("rtmssrc name=src ! fakesink", nullptr));
  ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src"));
  server.client()(src.get());
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  ck_assert(server.wait_for([&] { return server.received(13) > 0; }));
  BusPtr bus(gst_element_get_bus(pipeline.get()));
  int joins = 0;
  while (MessagePtr message{gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ELEMENT)})
    joins += gst_message_has_name(message.get(), "rtms-participant-joined");
  ck_assert_msg(joins <= kMost && joins > kMost - 10, "%d joins", joins);
  was_read = true;
  MessagePtr warning(
      gst_bus_timed_pop_filtered(bus.get(), kDeadlineMs * GST_MSECOND, GST_MESSAGE_WARNING));
  ck_assert(warning != nullptr);
  const GstStructure *details = nullptr;
  gst_message_parse_warning_details(warning.get(), &details);
  guint64 dropped = 0;
  ck_assert(gst_structure_get_uint64(details, "dropped", &dropped));
  ck_assert_uint_eq(dropped + static_cast<guint64>(joins), kEach * kEvents);
  server.finish();
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}
GST_END_TEST;

// However many wait: why the stream has ended is told.
GST_START_TEST(test_end_is_told) {
  constexpr int kEach = 5000, kEvents = 10;
  std::atomic<bool> is_over{false};
  RawServer server(
      [&](RawPeer &peer) {
        if (!peer.signaling_handshake() || !peer.expect(7) ||
            !flood(peer, kEvents, [](int i) { return join_of(i * kEach, kEach, ""); }))
          return;
        peer.send_json(R"({"msg_type":8,"state":4,"reason":10,"timestamp":1738392033699})");
        peer.linger();
        is_over = true;
      },
      be_nice);
  ElementPtr pipeline(gst_parse_launch("rtmssrc name=src ! fakesink", nullptr));
  ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src"));
  server.client()(src.get());
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  // Until the client has gone, nothing is read.
  ck_assert(server.wait_for([&] { return is_over.load(); }));
  BusPtr bus(gst_element_get_bus(pipeline.get()));
  int ends = 0;
  while (MessagePtr message{gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ELEMENT)})
    ends += gst_message_has_name(message.get(), "rtms-stream-state");
  ck_assert_int_eq(ends, 1);
  server.finish();
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}
GST_END_TEST;

// Messages that are no media are small: a larger one is ignored, and the stream goes on.
GST_START_TEST(test_large_control_message) {
  RawServer server(signaling_flood(1, [](int) { return join_of(0, 6000, std::string(200, 'n')); }),
                   nice_afterwards);
  Player player(server.client());
  expect_streaming(player, server);
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  for (const MessagePtr &message : player.record().messages)
    ck_assert(!gst_message_has_name(message.get(), "rtms-participant-joined"));
  server.finish();
}
GST_END_TEST;

// Names of half a megabyte, with each of many packets that wait for a slow pipeline.
GST_START_TEST(test_long_names) {
  const std::string name(1 << 19, 'n');
  MemoryBound memory(64);
  RawServer server({}, media_flood(400, [&](int i) {
                     return audio_json(20 * i, kUser, name_member(std::to_string(i) + name));
                   }));
  Player player(server.client());
  g_signal_connect(player.src(), "pad-added", G_CALLBACK(hold_pad), nullptr);
  expect_answered(player, server);
  memory.expect_kept();
  ck_assert_uint_ge(stat(player.src(), "messages"), 400);
  player.stop();
  server.finish();
}
GST_END_TEST;

// What is told about them is short, and whole characters.
GST_START_TEST(test_long_names_are_cut) {
  std::string smileys;
  for (int i = 0; i < 100000; i++)
    smileys += "\xf0\x9f\x98\x80";
  const std::string name = "x" + smileys;
  RawServer server({}, media_flood(1, [&](int) { return audio_json(0, 5, name_member(name)); }));
  Player player(per_participant(server));
  player.play();
  wait_last(player);
  ck_assert(player.wait([](const Record &r) { return r.packets("audio_0") == 1; }));
  player.stop();
  const PadRecord &pad = player.record().pad("audio_0");
  GstTagList *tags = nullptr;
  char *raw_title = nullptr;
  gst_event_parse_tag(const_cast<GstEvent *>(pad.first(GST_EVENT_TAG)), &tags);
  ck_assert(gst_tag_list_get_string(tags, GST_TAG_TITLE, &raw_title));
  CharPtr title(raw_title);
  for (const std::string &told : {std::string(title.get()), pad.packets.front().user_name}) {
    ck_assert(g_utf8_validate(told.c_str(), -1, nullptr));
    ck_assert_uint_gt(told.size(), 100);
    ck_assert_uint_lt(told.size(), 1000);
    ck_assert(g_str_has_prefix(name.c_str(), told.c_str()));
  }
  server.finish();
}
GST_END_TEST;

// Names that change with each packet, in front of a pipeline that takes nothing: what the queue
// holds is bounded by its limit, tags included.
GST_START_TEST(test_changing_names) {
  constexpr int kPackets = 100000;
  const std::string packet = audio_json(0, 5, name_member("%"));
  const size_t at = packet.find('%');
  MemoryBound memory(64);
  RawServer server({}, media_flood(kPackets, [&](int i) {
                     return packet.substr(0, at) + std::to_string(i) + std::string(200, 'n') +
                            packet.substr(at + 1);
                   }));
  Player player([&](GstElement *src) {
    per_participant(server)(src);
    g_object_set(src, "max-queue-bytes", 1 << 20, nullptr);
  });
  g_signal_connect(player.src(), "pad-added", G_CALLBACK(hold_pad), nullptr);
  expect_answered(player, server);
  memory.expect_kept();
  ck_assert_uint_ge(stat(player.src(), "dropped"), kPackets - (1 << 20) / 640 - 10);
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 1);
  server.finish();
}
GST_END_TEST;

// Texts of nothing but a few bytes, and no pipeline that takes them.
GST_START_TEST(test_small_texts) {
  MemoryBound memory(128);
  RawServer server({}, media_flood(200000, [](int) { return transcript_json(0, ""); }));
  Player player([&](GstElement *src) {
    server.client()(src);
    set(src, "media-types", "transcript");
    g_object_set(src, "max-queue-bytes", 1 << 20, nullptr);
  });
  g_signal_connect(player.src(), "pad-added", G_CALLBACK(hold_pad), nullptr);
  expect_answered(player, server);
  memory.expect_kept();
  player.stop();
  server.finish();
}
GST_END_TEST;

// Events without end: media goes on meanwhile.
GST_START_TEST(test_events) {
  const std::string texts[] = {event_json(2, "\"user_id\":5,\"user_name\":\"A\""),
                               event_json(7, "\"x\":1"), event_json(12345, "\"x\":[]"),
                               R"({"msg_type":8,"state":2,"reason":14})",
                               R"({"msg_type":9,"state":3,"stop_reason":"x"})"};
  MemoryBound memory(64);
  RawServer server(signaling_flood(100000, [&](int i) { return texts[i % 5]; }),
                   [&](RawPeer &peer) {
                     if (!peer.media_handshake())
                       return;
                     peer.server().wait_for([&] { return peer.server().received(13) > 0; });
                     peer.send_json(last_audio());
                     peer.linger();
                   });
  Player player(server.client());
  forget_messages(player);
  player.play();
  wait_last(player);
  memory.expect_kept();
  player.stop();
  server.finish();
}
GST_END_TEST;

// Keep-alives without end, whose answers nobody reads: some are answered, and later ones again.
GST_START_TEST(test_keep_alives) {
  MemoryBound memory(64);
  RawServer server({}, [](RawPeer &peer) {
    RawServer &own = peer.server();
    if (!peer.media_handshake() || !peer.wait_ready())
      return;
    for (int i = 0; i < 300000; i++)
      if (!peer.send_json(R"({"msg_type":12,"timestamp":5})"))
        return own.expect(false, "the connection lives");
    own.pause(2000);
    own.expect(peer.keep_alive(), "an answer when the flood is over");
    own.expect(own.received(13) < 5000, "most of the flood is not answered");
    peer.send_json(last_audio());
    peer.linger();
  });
  Player player(server.client());
  expect_streaming(player, server);
  memory.expect_kept();
  player.stop();
  server.finish();
}
GST_END_TEST;

// One message of 13 MB: what it took is given back when the next one has come.
GST_START_TEST(test_outsized_message) {
  constexpr int kNumbers = 6'500'000;
  std::string event = R"({"msg_type":6,"event":{"event_type":2,"x":[0)";
  for (int i = 1; i < kNumbers; i++)
    event += ",0";
  event += "]}}";
  // glibc keeps some 40 MiB of it for what the thread may allocate next; simdjson alone takes 150.
  MemoryBound memory(64);
  RawServer server(signaling_flood(1, [&](int) { return event; }), nice_afterwards);
  Player player(server.client());
  forget_messages(player);
  expect_streaming(player, server);
  memory.expect_kept();
  player.stop();
  server.finish();
}
GST_END_TEST;

static Suite *rtmssrc_hostile_floods_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_hostile_floods");
  TCase *floods = tcase_create("floods");
  tcase_set_timeout(floods, kPatienceSeconds);
  tcase_add_test(floods, test_speakers);
  tcase_add_test(floods, test_speakers_after_leaves);
  tcase_add_test(floods, test_participants);
  tcase_add_test(floods, test_unread_bus);
  tcase_add_test(floods, test_end_is_told);
  tcase_add_test(floods, test_large_control_message);
  tcase_add_test(floods, test_long_names);
  tcase_add_test(floods, test_long_names_are_cut);
  tcase_add_test(floods, test_changing_names);
  tcase_add_test(floods, test_small_texts);
  tcase_add_test(floods, test_events);
  tcase_add_test(floods, test_keep_alives);
  tcase_add_test(floods, test_outsized_message);
  suite_add_tcase(suite, floods);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_hostile_floods)

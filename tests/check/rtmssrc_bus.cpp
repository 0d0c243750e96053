// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element tells on the bus and in `stats`, and what its action signals send.
#include <algorithm>
#include <set>

#include "live.h"
#include "received.h"

namespace {

using namespace rtmscheck;

Setup types(const char *media_types) {
  return [media_types](GstElement *src) { set(src, "media-types", media_types); };
}

std::string string_of(const GstStructure *structure, const char *field) {
  const char *text = gst_structure_get_string(structure, field);
  return text ? text : "";
}

guint64 uint64_of(const GstStructure *structure, const char *field) {
  guint64 value = 0;
  CharPtr told(gst_structure_to_string(structure));
  ck_assert_msg(gst_structure_get_uint64(structure, field, &value), "no %s in %s", field,
                told.get());
  return value;
}

gint64 int64_of(const GstStructure *structure, const char *field) {
  gint64 value = -1;
  ck_assert_msg(gst_structure_get_int64(structure, field, &value), "no %s", field);
  return value;
}

std::string participants(uint64_t id, const char *name) {
  std::string text = "\"participants\":[{\"user_id\":" + std::to_string(id);
  if (name)
    text += ",\"user_name\":\"" + std::string(name) + "\"";
  return text + "}]";
}

std::string flat(uint64_t id, const char *name) {
  return "\"user_id\":" + std::to_string(id) + ",\"user_name\":\"" + name + "\"";
}

std::string event_text(int type, const std::string &members) {
  return "{\"msg_type\":6,\"event\":{\"event_type\":" + std::to_string(type) + "," + members +
         ",\"timestamp\":" + std::to_string(kStartMs) + "}}";
}

// An event on the wire, and the message that it becomes.
struct BusEvent {
  int type;
  std::string members;
  const char *message;
  uint64_t user_id;
  const char *user_name;
};

const std::vector<BusEvent> &meeting_events() {
  static const std::vector<BusEvent> events = {
      {3, participants(11, "Anton"), "rtms-participant-joined", 11, "Anton"},
      {3, flat(22, "Berta"), "rtms-participant-joined", 22, "Berta"},
      {2, flat(11, "Anton"), "rtms-active-speaker", 11, "Anton"},
      {2, "\"current_id\":22,\"user_name\":\"Berta\"", "rtms-active-speaker", 22, "Berta"},
      {5, flat(22, "Berta"), "rtms-sharing-started", 22, "Berta"},
      {6, flat(22, "Berta"), "rtms-sharing-stopped", 22, "Berta"},
      {8, participants(11, nullptr), "rtms-video-on", 11, "Anton"},
      {9, participants(11, nullptr), "rtms-video-off", 11, "Anton"},
      {4, participants(22, nullptr), "rtms-participant-left", 22, "Berta"},
  };
  return events;
}

Config talking_config(Product product) {
  Config config = fast_config(audio_source(1));
  config.product = product;
  config.end = End::Nothing;
  return config;
}

}  // namespace

GST_START_TEST(test_meeting_events) {
  Config config = talking_config(static_cast<Product>(__i__));
  config.string_ids = false;
  auto source = audio_source(1);
  for (const BusEvent &event : meeting_events())
    source->add_event({event.type, event.members, kStartMs});
  config.source = source;
  auto server = serve(config);
  Player player(*server, types("audio"));
  player.play();
  ck_assert_msg(
      player.wait([](const Record &r) { return r.named("rtms-participant-left").size() == 1; }),
      "%s", player.summary().c_str());
  player.stop();
  std::vector<const GstStructure *> told;
  for (const MessagePtr &message : player.record().messages) {
    const GstStructure *structure = gst_message_get_structure(message.get());
    bool element = GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ELEMENT;
    if (element && gst_structure_has_field(structure, "user-id"))
      told.push_back(structure);
  }
  ck_assert_msg(told.size() == meeting_events().size(), "%s", player.summary().c_str());
  for (std::size_t i = 0; i < told.size(); i++) {
    const BusEvent &event = meeting_events()[i];
    ck_assert_str_eq(gst_structure_get_name(told[i]), event.message);
    ck_assert_uint_eq(uint64_of(told[i], "user-id"), event.user_id);
    expect_text(string_of(told[i], "user-name"), event.user_name);
  }
  expect_no_violations(*server);
}
GST_END_TEST;

// Numbers that mean something else for the product, and such as nobody knows.
GST_START_TEST(test_other_events) {
  Config config = talking_config(Product::ContactCenter);
  config.offered = {Media::Audio};
  const std::set<int64_t> sent = {8, 9, 10, 14, 29, 99};
  for (int64_t type : sent)
    config.script.push_back(
        {0, Signaling,
         event_text(static_cast<int>(type), R"("participant_info":{"channel_id":"1","user_id":5})"),
         Action::Send});
  auto server = serve(config);
  Player player(*server, types("audio"));
  player.play();
  ck_assert_msg(
      player.wait([&](const Record &r) { return r.named("rtms-event").size() >= sent.size(); }),
      "%s", player.summary().c_str());
  player.stop();
  std::set<int64_t> got;
  for (const GstStructure *event : player.record().named("rtms-event")) {
    got.insert(int64_of(event, "type"));
    ck_assert_msg(contains(string_of(event, "json"), "participant_info"), "%s",
                  string_of(event, "json").c_str());
  }
  ck_assert(std::includes(got.begin(), got.end(), sent.begin(), sent.end()));
  ck_assert(player.record().named("rtms-video-on").empty());
  expect_no_violations(*server);
}
GST_END_TEST;

// Somebody has joined, in members that nobody knows.
GST_START_TEST(test_unreadable_participants) {
  Config config = talking_config(Product::Meeting);
  config.script.push_back(
      {0, Signaling, event_text(3, R"("participants":[{"id":5}])"), Action::Send});
  auto server = serve(config);
  Player player(*server, types("audio"));
  player.play();
  const auto told = [](const GstStructure *event) {
    return int64_of(event, "type") == 3 && contains(string_of(event, "json"), "\"id\":5");
  };
  ck_assert_msg(player.wait([&](const Record &r) {
    const auto events = r.named("rtms-event");
    return std::any_of(events.begin(), events.end(), told);
  }),
                "%s", player.summary().c_str());
  player.stop();
}
GST_END_TEST;

GST_START_TEST(test_states) {
  Config config = fast_config(audio_source(1));
  config.string_reasons = __i__ == 1;
  config.pace = Pace::Realtime;
  config.end = End::Nothing;
  config.script = {
      {0, Signaling,
       R"({"msg_type":9,"rtms_session_id":"x","state":5,"stop_reason":3,"timestamp":1})",
       Action::Send},
      {200, Media::Audio, R"({"msg_type":8,"state":5,"reason":0,"timestamp":1})", Action::Send},
      // The same, told on another connection.
      {200, Signaling, R"({"msg_type":8,"state":5,"reason":0,"timestamp":1})", Action::Send}};
  auto server = serve(config);
  Player player(*server, types("audio"));
  player.play();
  ck_assert_msg(player.wait([](const Record &r) {
    return r.named("rtms-session-state").size() == 2 && r.named("rtms-stream-state").size() == 2;
  }),
                "%s", player.summary().c_str());
  server->end_stream(6);
  player.wait_eos();
  player.stop();
  auto streams = player.record().named("rtms-stream-state");
  ck_assert_uint_eq(streams.size(), 3);
  const char *states[] = {"active", "paused", "terminated"};
  for (std::size_t i = 0; i < 3; i++)
    expect_text(string_of(streams[i], "state"), states[i]);
  ck_assert_int_eq(int64_of(streams[2], "state-code"), 4);
  expect_text(string_of(streams[2], "reason"), "meeting-ended");
  ck_assert_int_eq(int64_of(streams[2], "reason-code"), 6);
  auto sessions = player.record().named("rtms-session-state");
  expect_text(string_of(sessions[0], "state"), "started");
  expect_text(string_of(sessions[1], "state"), "stopped");
  expect_text(string_of(sessions[1], "reason"), "user-left");
}
GST_END_TEST;

namespace {

using States = std::vector<std::string>;

States states_of(const Record &record, const std::string &media) {
  States states;
  for (const GstStructure *message : record.named("rtms-connection"))
    if (string_of(message, "media") == media)
      states.push_back(string_of(message, "state"));
  return states;
}

}  // namespace

GST_START_TEST(test_connections) {
  auto server = serve(fast_config(audio_source(5)));
  Player player(*server, types("audio+video"));
  player.play();
  player.wait_eos();
  player.stop();
  for (const char *media : {"audio", "video"}) {
    const States states = states_of(player.record(), media);
    // The service closes all connections at the end: the client may read this one's end first.
    ck_assert_msg((states == States{"connecting", "streaming", "closed"}) ||
                      (states == States{"connecting", "streaming", "reconnecting", "closed"}),
                  "%s", player.summary().c_str());
  }
}
GST_END_TEST;

// The stream ends while a connection is lost, and waits for its second try.
GST_START_TEST(test_closed_while_lost) {
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio+video");
    g_object_set(src, "retry-delay", 10000, "retry-delay-max", 10000, nullptr);
  });
  player.play();
  wait_ready(*server, 2);
  server->configure([](Config &config) { config.upgrade_status_media = 503; });
  server->drop(Media::Audio, true);
  ck_assert(player.wait([](const Record &r) { return states_of(r, "audio").size() == 4; }));
  server->end_stream(6);
  player.wait_eos();
  player.stop();
  ck_assert_msg((states_of(player.record(), "audio") ==
                 States{"connecting", "streaming", "reconnecting", "reconnecting", "closed"}),
                "%s", player.summary().c_str());
}
GST_END_TEST;

GST_START_TEST(test_stats) {
  auto source = audio_source(10);
  for (unsigned i = 0; i < 5; i++)
    source->add(item(Media::Video, 40 * i, access_unit(i == 0, 100, i)));
  Config config = fast_config(source);
  config.end = End::Nothing;
  config.keep_alive_ms = kKeepAliveMs;
  auto server = serve(config);
  Player player(*server);
  player.play();
  ck_assert(player.wait(
      [](const Record &r) { return r.packets("audio") == 10 && r.packets("video") == 5; }));
  ck_assert(wait_received(*server, 13, 10));
  GstStructure *stats = nullptr;
  g_object_get(player.src(), "stats", &stats, nullptr);
  Ptr<GstStructure, gst_structure_free> owned(stats);
  ck_assert_str_eq(gst_structure_get_name(stats), "rtms-stats");
  uint64_t video_bytes = 0;
  for (const Packet &packet : player.record().pad("video").packets)
    video_bytes += packet.bytes.size();
  ck_assert_uint_eq(uint64_of(stats, "messages"), 15);
  ck_assert_uint_eq(uint64_of(stats, "bytes"), 6400 + video_bytes);
  ck_assert_uint_ge(uint64_of(stats, "keep-alives"), 9);  // the tenth may just be counted
  for (const char *none : {"dropped", "discontinuities", "reconnects", "ignored"})
    ck_assert_msg(uint64_of(stats, none) == 0, "%s", none);
  GstStructure *audio = nullptr;
  ck_assert(gst_structure_get(stats, "audio", GST_TYPE_STRUCTURE, &audio, nullptr));
  Ptr<GstStructure, gst_structure_free> owned_audio(audio);
  ck_assert_uint_eq(uint64_of(audio, "messages"), 10);
  ck_assert_uint_eq(uint64_of(audio, "bytes"), 6400);
  ck_assert_uint_eq(uint64_of(audio, "queue-bytes"), 0);
  ck_assert_uint_eq(uint64_of(audio, "queue-time"), 0);
  ck_assert_uint_eq(uint64_of(audio, "last-timestamp"), static_cast<uint64_t>(kStartMs) + 180);
  ck_assert(gst_structure_has_field(audio, "latency"));
  for (const char *type : {"video", "screen", "transcript", "chat"})
    ck_assert_msg(gst_structure_has_field_typed(stats, type, GST_TYPE_STRUCTURE), "%s", type);
}
GST_END_TEST;

// The service is asked to close the stream; its close is an end, not a loss.
GST_START_TEST(test_close_stream) {
  auto server = serve(talking_config(Product::Meeting));
  Player player(*server, types("audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 1; }));
  g_signal_emit_by_name(player.src(), "close-stream");
  ck_assert(wait_received(*server, 21, 1));
  Received request = received(*server, 21)[0];
  expect_text(request.socket, "signaling");
  ck_assert(contains(request.text, "\"rtms_stream_id\":\"" + server->stream_id() + "\""));
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  ck_assert_uint_eq(received(*server, 1).size(), 1);
  expect_no_violations(*server);
}
GST_END_TEST;

GST_START_TEST(test_subscribe_video) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < 10; i++)
    source->add(item(Media::Video, 40 * i, access_unit(i == 0, 500, i), 33));
  Config config = fast_config(source);
  config.end = End::Nothing;
  auto server = serve(config);
  Player player(*server, types("video"));
  set(player.src(), "video-streams", "individual");
  player.play();
  ck_assert(player.wait([](const Record &r) { return !r.signals.empty(); }));
  g_signal_emit_by_name(player.src(), "subscribe-video", guint64{33}, TRUE);
  ck_assert(player.wait([](const Record &r) { return r.packets("video") == 10; }));
  g_signal_emit_by_name(player.src(), "subscribe-video", guint64{33}, FALSE);
  ck_assert(wait_received(*server, 28, 2));
  ObjectPtr<JsonParser> parser(json_parser_new());
  for (std::size_t i : {0, 1}) {
    JsonObject *request = parse(parser.get(), received(*server, 28)[i].text);
    ck_assert_int_eq(json_object_get_int_member(request, "user_id"), 33);
    ck_assert_int_eq(json_object_get_boolean_member(request, "subscribe"), i == 0);
    ck_assert(json_object_has_member(request, "timestamp"));
  }
  player.stop();
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *rtmssrc_bus_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_bus");
  TCase *bus = tcase_create("bus");
  tcase_set_timeout(bus, kPatienceSeconds);
  tcase_add_loop_test(bus, test_meeting_events, 0, 3);
  tcase_add_test(bus, test_other_events);
  tcase_add_test(bus, test_unreadable_participants);
  tcase_add_loop_test(bus, test_states, 0, 2);
  tcase_add_test(bus, test_connections);
  tcase_add_test(bus, test_closed_while_lost);
  tcase_add_test(bus, test_stats);
  tcase_add_test(bus, test_close_stream);
  tcase_add_test(bus, test_subscribe_video);
  suite_add_tcase(suite, bus);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_bus)

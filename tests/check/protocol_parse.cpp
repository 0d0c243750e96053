// SPDX-License-Identifier: LGPL-2.1-or-later
// Inbound control messages (2, 4, 6, 8, 9, 12, 22, 29), with the document's own bytes.
#include "protocol/build.h"
#include "protocol/parse.h"

#include <json-glib/json-glib.h>
#include "gst_check.h"

#include <memory>
#include <string>
#include <string_view>

using namespace rtms;

namespace {

template <class T>
const T &as(const Message &message, std::string_view text) {
  const T *typed = std::get_if<T>(&message);
  const ParseError *error = std::get_if<ParseError>(&message);
  fail_unless(typed != nullptr, "kind %d (%s): %s", (int) message.index(),
              error ? error->what.c_str() : "not an error", std::string(text).c_str());
  return *typed;
}

template <class T>
T parse_as(const std::string &text) {
  Parser parser;
  return as<T>(parser.parse(text), text);
}

void expect_text(const std::string &got, const std::string &want) {
  fail_unless(got == want, "got '%s', expected '%s'", got.c_str(), want.c_str());
}

void expect_number(const std::optional<int64_t> &got, int64_t want) {
  fail_unless(got.has_value(), "missing, expected %" G_GINT64_FORMAT, want);
  assert_equals_int64(*got, want);
}

using Node = std::unique_ptr<JsonNode, void (*)(JsonNode *)>;

Node json_of(const std::string &text) {
  return Node(json_from_string(text.c_str(), nullptr), json_node_unref);
}

std::string json_member(const std::string &text, const char *name) {
  Node root = json_of(text);
  JsonNode *member = json_object_get_member(json_node_get_object(root.get()), name);
  std::unique_ptr<char, void (*)(void *)> json(json_to_string(member, FALSE), g_free);
  return json.get();
}

void expect_same_json(const std::string &got, const std::string &want) {
  Node a = json_of(got), b = json_of(want);
  fail_unless(a && b && json_node_equal(a.get(), b.get()), "got '%s', expected '%s'", got.c_str(),
              want.c_str());
}

}  // namespace

GST_START_TEST(test_signaling_response_object) {
  auto r = parse_as<SignalingResponse>(
      R"({"msg_type":2,"status_code":0,"reason":"fine","media_server":{"server_urls":
  {"all":"wss://h/all","audio":"wss://h/a","video":"wss:\/\/h\/v","deskshare":"wss://h/d","transcript":"wss://h/t","chat":"wss://h/c"}}})");
  assert_equals_int64(r.status, 0);
  expect_text(r.reason, "fine");
  expect_text(r.all_url, "wss://h/all");
  const char *want[kMediaCount] = {"wss://h/a", "wss://h/v", "wss://h/d", "wss://h/t", "wss://h/c"};
  for (unsigned i = 0; i < kMediaCount; i++)
    expect_text(r.media_url[i], want[i]);
}
GST_END_TEST;

GST_START_TEST(test_signaling_response_url_forms) {
  static const struct {
    const char *text;
    const char *all;
    const char *audio;
  } cases[] = {
      {R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":"wss://h/one"}})",
       "wss://h/one", ""},
      {R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":"wss://h/1,wss://h/2"}})",
       "wss://h/1", ""},
      {R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":"wss://h/1, wss://h/2"}})",
       "wss://h/1", ""},
      {R"({"msg_type":2,"status_code":0,"media_server_url":"wss://h/seed"})", "wss://h/seed", ""},
      {R"({"media_server_url":"wss:\/\/h\/seed","status_code":0,"msg_type":2})", "wss://h/seed",
       ""},
      {R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{"audio":"wss://h/a"}}})", "",
       "wss://h/a"},
      {R"({"media_server":{"other":[1,{}],"server_urls":{"x":1,"audio":"wss://h/a"}},"msg_type":2})",
       "", "wss://h/a"},
      {R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{}}})", "", ""},
      {R"({"msg_type":2,"status_code":0})", "", ""},
  };
  for (const auto &c : cases) {
    auto r = parse_as<SignalingResponse>(c.text);
    expect_text(r.all_url, c.all);
    expect_text(r.media_url[(int) Media::Audio], c.audio);
    expect_text(r.media_url[(int) Media::Video], "");
  }
}
GST_END_TEST;

GST_START_TEST(test_signaling_response_refusal) {
  static const char *texts[] = {
      R"({"msg_type":2,"status_code":3,"reason":"bad \"signature\" \u00e9"})",
      R"({"reason":"bad \u0022signature\u0022 é","status_code":3,"msg_type":2})",
      R"({"msg_type":2,"status_code":"3","reason":"bad \"signature\" é","media_server":null})",
      R"({"msg_type":2,"status_code":3.0,"reason":"bad \"signature\" é","new":{"msg_type":4}})",
  };
  for (const char *text : texts) {
    auto r = parse_as<SignalingResponse>(text);
    assert_equals_int64(r.status, 3);
    expect_text(r.reason, "bad \"signature\" é");
    expect_text(r.all_url, "");
  }
}
GST_END_TEST;

GST_START_TEST(test_data_response_negotiated) {
  auto r = parse_as<DataResponse>(
      R"({"msg_type":4,"protocol_version":1,"status_code":0,"reason":"","sequence":7,"payload_encrypted":false,
 "media_params":{
  "audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20},
  "video":{"content_type":3,"codec":7,"resolution":2,"fps":25,"data_opt":3},
  "deskshare":{"content_type":3,"codec":5,"resolution":"3","fps":5},
  "transcript":{"content_type":5,"src_language":9,"enable_lid":false},
  "chat":{"content_type":5}}})");
  assert_equals_int64(r.status, 0);
  fail_if(r.payload_encrypted);
  const NegotiatedParams &audio = r.params[(int) Media::Audio];
  expect_number(audio.content_type, 2);
  expect_number(audio.sample_rate, 1);
  expect_number(audio.channels, 1);
  expect_number(audio.codec, 1);
  expect_number(audio.data_opt, 1);
  expect_number(audio.send_rate, 20);
  fail_if(audio.fps || audio.resolution);
  const NegotiatedParams &video = r.params[(int) Media::Video];
  expect_number(video.codec, 7);
  expect_number(video.resolution, 2);
  expect_number(video.fps, 25);
  expect_number(video.data_opt, 3);
  fail_if(video.send_rate || video.sample_rate || video.channels);
  const NegotiatedParams &screen = r.params[(int) Media::Screen];
  expect_number(screen.codec, 5);
  expect_number(screen.resolution, 3);
  expect_number(screen.fps, 5);
  fail_if(screen.data_opt.has_value());
  expect_number(r.params[(int) Media::Transcript].content_type, 5);
  expect_number(r.params[(int) Media::Chat].content_type, 5);
}
GST_END_TEST;

GST_START_TEST(test_data_response_partial) {
  auto none = parse_as<DataResponse>(R"({"msg_type":4,"status_code":0})");
  for (const NegotiatedParams &p : none.params)
    fail_if(p.content_type || p.codec || p.sample_rate || p.channels || p.data_opt || p.send_rate ||
            p.resolution || p.fps);

  auto some = parse_as<DataResponse>(
      R"({"media_params":{"audio":{"data_opt":1,"unknown":[]},"video":null,"hologram":{"codec":9}},"msg_type":4})");
  expect_number(some.params[(int) Media::Audio].data_opt, 1);
  fail_if(some.params[(int) Media::Audio].codec.has_value());
  fail_if(some.params[(int) Media::Video].codec.has_value());

  auto refused = parse_as<DataResponse>(
      R"({"msg_type":4,"status_code":16,"reason":"DUPLICATE_MEDIA_DATA_CONNECTION"})");
  assert_equals_int64(refused.status, 16);
  expect_text(refused.reason, "DUPLICATE_MEDIA_DATA_CONNECTION");
  fail_unless(parse_as<DataResponse>(R"({"payload_encrypted":true,"msg_type":4,"status_code":0})")
                  .payload_encrypted);
}
GST_END_TEST;

// Each event as the document's table gives its body; first participant and timestamp are compared.
static const struct EventCase {
  const char *text;
  int64_t type;
  int64_t timestamp;
  unsigned participants;
  uint64_t user_id;
  const char *name;
  const char *channel;
} event_cases[] = {
    {R"({"msg_type":6,"event":{"event_type":1,"timestamp":1738392033699}})", 1, 1738392033699, 0, 0,
     "", ""},
    {R"({"msg_type":6,"event":{"event_type":2,"current_id":16778240,"user_name":"John Smith","timestamp":1738392033699}})",
     2, 1738392033699, 1, 16778240, "John Smith", ""},
    {R"({"event":{"timestamp":5,"user_name":"John Smith","user_id":"16778240","event_type":2},"msg_type":6})",
     2, 5, 1, 16778240, "John Smith", ""},
    {R"({"msg_type":6,"event":{"event_type":3,"participants":[{"user_id":1,"user_name":"Ann"},{"user_id":2,"user_name":"Bob"}],"timestamp":5}})",
     3, 5, 2, 1, "Ann", ""},
    {R"({"msg_type":6,"event":{"event_type":3,"user_id":1,"user_name":"Ann"}})", 3, 0, 1, 1, "Ann",
     ""},
    {R"({"msg_type":6,"event":{"event_type":4,"participants":[{"user_id":9}],"timestamp":1.738392033699e12}})",
     4, 1738392033699, 1, 9, "", ""},
    {R"({"msg_type":6,"event":{"event_type":5,"user_id":1,"user_name":"Ann","timestamp":"5"}})", 5,
     5, 1, 1, "Ann", ""},
    {R"({"msg_type":6,"event":{"event_type":"6","user_id":1,"user_name":"Zo\u00eb \/ \ud83c\udfa5","timestamp":5}})",
     6, 5, 1, 1, "Zoë / 🎥", ""},
    {R"({"msg_type":6,"event":{"event_type":7,"timestamp":5}})", 7, 5, 0, 0, "", ""},
    {R"({"msg_type":6,"event":{"event_type":8,"participants":[{"user_id":9}],"timestamp":5}})", 8,
     5, 1, 9, "", ""},
    {R"({"msg_type":6,"event":{"event_type":9,"participants":[{"user_id":"9"}],"timestamp":5}})", 9,
     5, 1, 9, "", ""},
    {R"({"msg_type":6,"event":{"event_type":8,"event_ts":77,"participant_info":{"channel_id":"ch-1","participant_mode":1,"display_name":"Carl","user_id":3}}})",
     8, 77, 1, 3, "Carl", "ch-1"},
    {R"({"msg_type":6,"event":{"event_type":4711,"what":{"ever":[1,2]},"timestamp":5}})", 4711, 5,
     0, 0, "", ""},
};

GST_START_TEST(test_event) {
  const EventCase &c = event_cases[__i__];
  auto e = parse_as<EventUpdate>(c.text);
  assert_equals_int64(e.type, c.type);
  assert_equals_int64(e.timestamp, c.timestamp);
  assert_equals_int((int) e.participants.size(), (int) c.participants);
  if (c.participants > 0) {
    assert_equals_uint64(e.participants[0].user_id, c.user_id);
    expect_text(e.participants[0].user_name, c.name);
    expect_text(e.participants[0].channel_id, c.channel);
  }
  fail_unless(!e.json.empty() && e.json.front() == '{' && e.json.back() == '}', "%s",
              e.json.c_str());
  // The very same body, but for white space and escapes.
  expect_same_json(e.json, json_member(c.text, "event"));
}
GST_END_TEST;

GST_START_TEST(test_stream_state) {
  static const struct {
    const char *text;
    int64_t state, reason, timestamp;
    const char *reason_text;
  } cases[] = {
      {R"({"msg_type":8,"state":4,"reason":6,"timestamp":1738392033699})", 4, 6, 1738392033699, ""},
      {R"({"timestamp":1738392033699,"reason":"STOP_BC_MEETING_ENDED","state":4,"msg_type":8})", 4,
       6, 1738392033699, "STOP_BC_MEETING_ENDED"},
      {R"({"msg_type":8,"state":"2","reason":"14","timestamp":"5"})", 2, 14, 5, ""},
      {R"({"msg_type":8,"state":0,"reason":0,"timestamp":1.7e12})", 0, 0, 1700000000000, ""},
      {R"({"msg_type":8,"state":1})", 1, 0, 0, ""},
      {R"({"msg_type":8,"state":4,"reason":"SOMETHING_NEW"})", 4, 0, 0, "SOMETHING_NEW"},
      {R"({"msg_type":8,"state":99,"reason":99})", 99, 99, 0, ""},
  };
  for (const auto &c : cases) {
    auto s = parse_as<StreamStateUpdate>(c.text);
    assert_equals_int64(s.state, c.state);
    assert_equals_int64(s.reason, c.reason);
    assert_equals_int64(s.timestamp, c.timestamp);
    if (*c.reason_text)
      expect_text(s.reason_text, c.reason_text);
  }
  // A missing state is no state, above all not INACTIVE or TERMINATED.
  Parser parser;
  Message m = parser.parse(R"({"msg_type":8,"reason":6})");
  if (const auto *s = std::get_if<StreamStateUpdate>(&m))
    assert_equals_int64(s->state, -1);
}
GST_END_TEST;

GST_START_TEST(test_session_state) {
  auto s = parse_as<SessionStateUpdate>(
      R"({"msg_type":9,"rtms_session_id":"s\/1","state":5,"stop_reason":3,"timestamp":1738392033699})");
  expect_text(s.session_id, "s/1");
  assert_equals_int64(s.state, 5);
  assert_equals_int64(s.reason, 3);
  assert_equals_int64(s.timestamp, 1738392033699);
  s = parse_as<SessionStateUpdate>(
      R"({"stop_reason":"STOP_BC_MEETING_ENDED","state":5,"rtms_session_id":"s","extra":null,"msg_type":9})");
  assert_equals_int64(s.reason, 6);
  expect_text(s.reason_text, "STOP_BC_MEETING_ENDED");
}
GST_END_TEST;

// The answer carries the very same timestamp: whole numbers to the digit, others by value.
GST_START_TEST(test_keep_alive) {
  static const char *stamps[] = {"1738392033699", "0",   "-1", "1.738392033699e12",
                                 "1.50",          "1E3", "17", "9223372036854775807"};
  for (const std::string stamp : stamps) {
    for (const std::string &text :
         {"{\"msg_type\":12,\"timestamp\":" + stamp + "}",
          "{\"timestamp\": " + stamp + " , \"new\": {\"timestamp\":1}, \"msg_type\":12}"}) {
      const std::string answer =
          build_keep_alive_response(parse_as<KeepAliveRequest>(text).timestamp);
      const std::string back = json_member(answer, "timestamp");
      expect_text(json_member(answer, "msg_type"), "13");
      if (stamp.find_first_of(".eE") == std::string::npos)
        expect_text(back, stamp);
      else
        fail_unless(g_ascii_strtod(back.c_str(), nullptr) == g_ascii_strtod(stamp.c_str(), nullptr),
                    "%s", answer.c_str());
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_close_and_video_subscription) {
  assert_equals_int64(parse_as<StreamCloseResponse>(R"({"msg_type":22,"status_code":0})").status,
                      0);
  auto c = parse_as<StreamCloseResponse>(R"({"status_code":2,"reason":"r","x":[],"msg_type":22})");
  assert_equals_int64(c.status, 2);
  expect_text(c.reason, "r");
  auto v = parse_as<VideoSubscriptionResponse>(
      R"({"msg_type":29,"user_id":16778240,"subscribe":true,"status_code":0})");
  assert_equals_uint64(v.user_id, 16778240);
  fail_unless(v.subscribe);
  assert_equals_int64(v.status, 0);
  v = parse_as<VideoSubscriptionResponse>(
      R"({"status_code":44,"subscribe":false,"user_id":"16778240","msg_type":29,"reason":"dup"})");
  assert_equals_uint64(v.user_id, 16778240);
  fail_if(v.subscribe);
  assert_equals_int64(v.status, 44);
  expect_text(v.reason, "dup");
}
GST_END_TEST;

// Our own requests, the reserved ones and numbers nobody knows are told apart from errors.
GST_START_TEST(test_unknown_types) {
  for (int type : {0, -1, 1, 3, 5, 7, 10, 11, 13, 19, 20, 21, 23, 24, 25, 26, 27, 28, 30, 999999})
    assert_equals_int64(parse_as<UnknownMessage>("{\"content\":{\"data\":\"x\"},\"msg_type\":" +
                                                 std::to_string(type) + "}")
                            .type,
                        type);
}
GST_END_TEST;

// A parser goes on after an error, and its result does not point into the input.
GST_START_TEST(test_parser_reuse) {
  Parser parser;
  for (int i = 0; i < 3; i++) {
    std::string text = R"({"msg_type":14,"content":{"user_id":1,"user_name":"Ann","data":"AAA="}})";
    Message m = parser.parse(text);
    std::fill(text.begin(), text.end(), '!');
    text.clear();
    text.shrink_to_fit();
    const auto &d = as<MediaData>(m, "media");
    expect_text(std::string(d.payload), "AAA=");
    expect_text(std::string(d.user_name), "Ann");
    fail_unless(std::holds_alternative<ParseError>(parser.parse("{\"msg_type\":")));
    as<UnknownMessage>(parser.parse("{\"msg_type\":99}"), "unknown");
  }
}
GST_END_TEST;

static Suite *protocol_parse_suite(void) {
  Suite *suite = suite_create("protocol_parse");
  TCase *tc = tcase_create("control");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_signaling_response_object);
  tcase_add_test(tc, test_signaling_response_url_forms);
  tcase_add_test(tc, test_signaling_response_refusal);
  tcase_add_test(tc, test_data_response_negotiated);
  tcase_add_test(tc, test_data_response_partial);
  tcase_add_loop_test(tc, test_event, 0, (int) G_N_ELEMENTS(event_cases));
  tcase_add_test(tc, test_stream_state);
  tcase_add_test(tc, test_session_state);
  tcase_add_test(tc, test_keep_alive);
  tcase_add_test(tc, test_close_and_video_subscription);
  tcase_add_test(tc, test_unknown_types);
  tcase_add_test(tc, test_parser_reuse);
  return suite;
}

GST_CHECK_MAIN(protocol_parse)

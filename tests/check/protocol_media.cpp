// SPDX-License-Identifier: LGPL-2.1-or-later
// Media messages (14..18), and transcript and chat as the element hands them on.
#include "protocol/parse.h"
#include "protocol/text.h"

#include <json-glib/json-glib.h>
#include <string>
#include "gst_check.h"

using namespace rtms;

namespace {

const int64_t kStart = 1738392033699;  // Unix ms

// A message together with the parser that its views point into.
struct Media1 {
  Parser parser;
  Message message;

  explicit Media1(const std::string &text) : message(parser.parse(text)) {
    const ParseError *error = std::get_if<ParseError>(&message);
    fail_unless(std::holds_alternative<MediaData>(message), "kind %d (%s): %s",
                (int) message.index(), error ? error->what.c_str() : "not an error", text.c_str());
  }
  const MediaData &data() const { return std::get<MediaData>(message); }
};

void expect_text(std::string_view got, std::string_view want) {
  fail_unless(got == want, "got '%.*s', expected '%.*s'", (int) got.size(), got.data(),
              (int) want.size(), want.data());
}

struct Json {
  JsonNode *node;
  explicit Json(const std::string &text) {
    GError *error = nullptr;
    node = json_from_string(text.c_str(), &error);
    fail_unless(node != nullptr && JSON_NODE_HOLDS_OBJECT(node), "not a JSON object (%s): %s",
                error ? error->message : "", text.c_str());
  }
  Json(const Json &) = delete;
  Json &operator=(const Json &) = delete;
  ~Json() { json_node_unref(node); }

  bool has(const char *key) const {
    return json_object_has_member(json_node_get_object(node), key);
  }
  JsonNode *member(const char *key) const {
    fail_unless(has(key), "no member %s", key);
    return json_object_get_member(json_node_get_object(node), key);
  }
  std::string text(const char *key) const {
    JsonNode *m = member(key);
    fail_unless(json_node_get_value_type(m) == G_TYPE_STRING, "%s is not a string", key);
    return json_node_get_string(m);
  }
  gint64 number(const char *key) const {
    JsonNode *m = member(key);
    fail_unless(json_node_get_value_type(m) == G_TYPE_INT64, "%s is not an integer", key);
    return json_node_get_int(m);
  }
  bool flag(const char *key) const {
    JsonNode *m = member(key);
    fail_unless(json_node_get_value_type(m) == G_TYPE_BOOLEAN, "%s is not a boolean", key);
    return json_node_get_boolean(m);
  }
};

}  // namespace

// One audio message in many spellings, with the same meaning.
static const char *audio_spellings[] = {
    R"({"msg_type":14,"content":{"user_id":16778240,"user_name":"John Smith","data":"ab+/cd==","length":4,"timestamp":1738392033699}})",
    R"({"content":{"timestamp":1738392033699,"length":4,"data":"ab+\/cd==","user_name":"John Smith","user_id":16778240},"msg_type":14})",
    R"({"msg_type":14,"content":{"user_id":"16778240","user_name":"John\u0020Smith","data":"ab\u002b\u002Fcd\u003d\u003D","length":"4","timestamp":"1738392033699"}})",
    R"({"msg_type":14,"content":{"user_id":16778240,"user_name":"John Smith","data":"ab+/cd==","length":4,"timestamp":1.738392033699e12}})",
    R"({"x":null,"content":{"y":[{"data":"no"}],"user_id":16778240.0,"user_name":"John Smith","z":{"data":"no"},"data":"ab+/cd==","length":4.0,"timestamp":1738392033699.0},"w":-1.5e-7,"msg_type":14})",
    R"( 
{ "msg_type" : 14 , "content" : { "user_id" : 16778240 , "user_name" : "John Smith"
 , "data"
 : "ab+/cd==" , "length" : 4 , "timestamp" : 1738392033699 } } )",
    R"({"\u006dsg_type":14,"content":{"user\u005fid":16778240,"user_name":"John Smith","dat\u0061":"ab+/cd==","length":4,"timestamp":1738392033699}})",
};

GST_START_TEST(test_audio) {
  Media1 m(audio_spellings[__i__]);
  fail_unless(m.data().media == Media::Audio);
  expect_text(m.data().payload, "ab+/cd==");
  assert_equals_uint64(m.data().user_id, 16778240);
  expect_text(m.data().user_name, "John Smith");
  expect_text(m.data().channel_id, "");
  assert_equals_int64(m.data().timestamp, kStart);
  fail_unless(m.data().length.has_value());
  assert_equals_int64(*m.data().length, 4);
}
GST_END_TEST;

// Names are one line, and nothing that a terminal obeys, whichever way they are spelled.
GST_START_TEST(test_names_are_one_line) {
  for (const char *name : {R"(a\n\n00:01 --> 00:02\nb)", R"(a\u001b[31mb)",
                           "a\x7f"
                           "b",
                           R"(a\u0085b)",
                           "a\xc2\x9b"
                           "b",
                           "a\xe2\x80\xa8"
                           "b",
                           R"(a\u2029b)", R"(a\u0000b)"}) {
    Media1 m(R"({"msg_type":14,"content":{"user_id":1,"user_name":")" + std::string(name) +
             R"(","data":"QUJD","timestamp":5}})");
    const std::string got(m.data().user_name);
    fail_unless(got.substr(0, 2) == "a " && got.back() == 'b', "'%s'", got.c_str());
    for (char c : got)
      fail_unless(static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 0x7f);
  }
  for (const char *name : {"Zoë", "یک\u200cدو", "👨‍👩‍👧", "\xe2\x80\xaa", "\xe2\x80"}) {
    Media1 m(R"({"msg_type":14,"content":{"user_id":1,"user_name":")" + std::string(name) +
             R"(","data":"QUJD","timestamp":5}})");
    fail_if(m.data().user_name.find(' ') != std::string_view::npos);
  }
}
GST_END_TEST;

GST_START_TEST(test_kinds) {
  static const Media kinds[] = {Media::Audio, Media::Video, Media::Screen, Media::Transcript,
                                Media::Chat};
  for (int i = 0; i < 5; i++) {
    std::string body =
        R"(,"content":{"user_id":0,"user_name":"Zoë 🎥","data":"QUJD","timestamp":5}})";
    Media1 m("{\"msg_type\":" + std::to_string(14 + i) + body);
    fail_unless(m.data().media == kinds[i]);
    expect_text(m.data().payload, "QUJD");
    expect_text(m.data().user_name, "Zoë 🎥");
    assert_equals_uint64(m.data().user_id, 0);
    fail_if(m.data().length.has_value());
    fail_if(m.data().start_time.has_value());
    fail_if(m.data().end_time.has_value());
  }
}
GST_END_TEST;

// Older servers: the base64 string directly in `content`, with user_name / timestamp beside it.
GST_START_TEST(test_plain_content) {
  for (int type : {14, 15, 16}) {
    const std::string number = std::to_string(type);
    for (
        const std::string &text :
        {"{\"msg_type\":" + number +
             R"(,"content":"ab+\/cd==","user_name":"Ann","timestamp":1738392033699})",
         R"({"timestamp":"1738392033699","user_name":"\u0041nn","content":"ab\u002b/cd==","msg_type":)" +
             number + "}"}) {
      Media1 m(text);
      assert_equals_int((int) m.data().media, type - 14);
      expect_text(m.data().payload, "ab+/cd==");
      expect_text(m.data().user_name, "Ann");
      assert_equals_int64(m.data().timestamp, kStart);
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_contact_center_channel) {
  Media1 m(
      R"({"msg_type":14,"content":{"channel_id":"ch\/1","user_name":"Agent","data":"AAAA","timestamp":5}})");
  expect_text(m.data().channel_id, "ch/1");
  assert_equals_uint64(m.data().user_id, 0);
  expect_text(m.data().payload, "AAAA");
}
GST_END_TEST;

// A picture of some size, with every '/' escaped.
GST_START_TEST(test_large_payload) {
  std::string escaped, plain;
  for (int i = 0; i < 300000; i++) {
    escaped += "A\\/b\\u002b";
    plain += "A/b+";
  }
  Media1 m("{\"content\":{\"data\":\"" + escaped + "\",\"user_id\":1},\"msg_type\":16}");
  fail_unless(m.data().payload == plain);
}
GST_END_TEST;

static const struct {
  const char *times;
  int64_t start, end;
} spans[] = {
    {R"("timestamp":1738392040000,"start_time":1738392039000,"end_time":1738392039900)",
     1738392039000, 1738392039900},
    {R"("timestamp":1738392040000,"start_time":6301,"end_time":7301)", kStart + 6301,
     kStart + 7301},
    {R"("timestamp":1738392040000,"start_time":0,"end_time":"500")", kStart, kStart + 500},
    {R"("timestamp":1738392040000,"start_time":99999999999,"end_time":100000000000)", 1738392040000,
     0},
    {R"("timestamp":1738392040000,"start_time":6301,"end_time":66301)", kStart + 6301,
     kStart + 66301},
    {R"("timestamp":1738392040000,"start_time":6301,"end_time":66302)", kStart + 6301, 0},
    {R"("timestamp":1738392040000,"start_time":6301,"end_time":9000000000000)", kStart + 6301, 0},
    {R"("timestamp":1738392040000,"end_time":1738392100001)", 1738392040000, 0},
    {R"("timestamp":1738392040000,"start_time":1.738392039e12)", 1738392039000, 0},
    {R"("timestamp":1738392040000,"start_time":6301)", kStart + 6301, 0},
    {R"("timestamp":1738392040000)", 1738392040000, 0},
    {R"("end_time":7301,"timestamp":1738392040000)", 1738392040000, kStart + 7301},
};

GST_START_TEST(test_transcript_span) {
  Media1 m(std::string("{\"msg_type\":17,\"content\":{\"user_id\":1,\"data\":\"Hi\",") +
           spans[__i__].times + "}}");
  TextSpan span = transcript_span(m.data(), kStart);
  assert_equals_int64(span.start, spans[__i__].start);
  if (span.end != spans[__i__].end)  // an end before the start may be dropped
    fail_unless(span.end == 0 && spans[__i__].end && spans[__i__].end < span.start,
                "end %" G_GINT64_FORMAT, span.end);
  Json json(transcript_json(m.data(), kStart));
  assert_equals_int64(json.number("timestamp"), 1738392040000);
  assert_equals_int64(json.number("start_time"), span.start);
  if (span.end != 0)
    assert_equals_int64(json.number("end_time"), span.end);
}
GST_END_TEST;

GST_START_TEST(test_transcript_json) {
  Media1 m(
      R"({"msg_type":17,"content":{"user_id":16778240,"user_name":"John \"J\" Smith","data":"Hello.\n\u00e9 \\ \/",
      "timestamp":1738392040000,"start_time":6301,"end_time":7301,"language":9,"is_final":true}})");
  expect_text(m.data().payload, "Hello.\né \\ /");
  Json json(transcript_json(m.data(), kStart));
  assert_equals_int64(json.number("user_id"), 16778240);
  expect_text(json.text("user_name"), "John \"J\" Smith");
  expect_text(json.text("text"), "Hello.\né \\ /");
  assert_equals_int64(json.number("start_time"), kStart + 6301);
  assert_equals_int64(json.number("end_time"), kStart + 7301);
  assert_equals_int64(json.number("language"), 9);
  fail_unless(json.flag("final"));

  Media1 interim(
      R"({"content":{"is_final":false,"language":"-1","data":"","user_id":"7"},"msg_type":17})");
  fail_unless(interim.data().is_final.has_value() && !*interim.data().is_final);
  Json other(transcript_json(interim.data(), kStart));
  fail_if(other.flag("final"));
  assert_equals_int64(other.number("language"), -1);
  expect_text(other.text("text"), "");
  fail_if(json.has("start_time_guessed"));
  fail_unless(other.flag("start_time_guessed"));

  // A party of a Contact Center's call.
  Media1 party(R"({"msg_type":17,"content":{"channel_id":"c-1","data":"x"}})");
  Json of_party(transcript_json(party.data(), kStart));
  expect_text(of_party.text("channel_id"), "c-1");
  fail_unless(transcript_json(interim.data(), kStart).find("channel_id") == std::string::npos);

  // The stream began ten minutes before, which nobody has told.
  Media1 later(R"({"msg_type":17,"content":{"user_id":1,"data":"x","timestamp":1738392040000,)"
               R"("start_time":600000,"end_time":601500}})");
  Json late(transcript_json(later.data(), 1738392035000));
  assert_equals_int64(late.number("start_time"), 1738392040000);
  assert_equals_int64(late.number("end_time"), 1738392041500);
}
GST_END_TEST;

// `user_id` in our JSON is the number that came, all 64 bits of it.
GST_START_TEST(test_large_user_id) {
  for (int type : {17, 18}) {
    Media1 m("{\"msg_type\":" + std::to_string(type) +
             R"(,"content":{"user_id":9223372036854775807,"data":"x"}})");
    assert_equals_uint64(m.data().user_id, G_MAXINT64);
    const std::string text = type == 17 ? transcript_json(m.data(), 0) : chat_json(m.data());
    fail_unless(text.find("9223372036854775807") != std::string::npos, "%s", text.c_str());
  }
}
GST_END_TEST;

// `attribute` is not pinned down by the document: any type of it must leave the rest intact.
GST_START_TEST(test_transcript_attribute) {
  for (const char *attribute : {"0", "1", "\"final\"", "null", "true", "{\"a\":1}", "[]", "-1e9"}) {
    Media1 m(std::string("{\"msg_type\":17,\"content\":{\"attribute\":") + attribute +
             ",\"data\":\"Hello.\",\"user_id\":3}}");
    Json json(transcript_json(m.data(), kStart));
    expect_text(json.text("text"), "Hello.");
    assert_equals_int64(json.number("user_id"), 3);
  }
}
GST_END_TEST;

static const struct {
  const char *data;  // what stands for content.data
  const char *text;
  const char *message_id;  // nullptr: no claim
  const char *operation;
} chats[] = {
    {R"("{\"data\":\"Hi \\\"there\\\"\",\"sender\":{\"user_id\":1},\"receiver\":{},\"message_id\":\"m\\/1\",\"operation_type\":1}")",
     "Hi \"there\"", "m/1", "new"},
    {R"({"data":"Hi \"there\"","sender":{},"receiver":{"x":[1]},"message_id":"m\/1","operation_type":2})",
     "Hi \"there\"", "m/1", "delete"},
    {R"({"operation_type":3,"message_id":"m1","data":"Zo\u00eb"})", "Zoë", "m1", "update"},
    {R"("{\"operation_type\":4,\"message_id\":\"m1\",\"data\":\"\"}")", "", "m1", "emoji-add"},
    {R"( {"operation_type":"5", "message_id":"m1", "data":"x"})", "x", "m1", "emoji-remove"},
    {R"("  {\"operation_type\":2,\"message_id\":\"m1\",\"data\":\"x\"}")", "x", "m1", "delete"},
    {R"("Hello, plain \u00e9 \"world\"")", "Hello, plain é \"world\"", nullptr, nullptr},
    {R"("{not json")", "{not json", nullptr, nullptr},
    {R"("[1,2]")", "[1,2]", nullptr, nullptr},
    {R"("42")", "42", nullptr, nullptr},
    {R"("null")", "null", nullptr, nullptr},
    {R"("\"quoted\"")", "\"quoted\"", nullptr, nullptr},
    {R"("{\"data\":\"x\",\"operation_type\":1")", "{\"data\":\"x\",\"operation_type\":1", nullptr,
     nullptr},
    {R"("")", "", nullptr, nullptr},
};

GST_START_TEST(test_chat) {
  const auto &c = chats[__i__];
  Media1 m(
      R"({"msg_type":18,"content":{"user_id":16778240,"user_name":"John","timestamp":1738392033699,"data":)" +
      std::string(c.data) + "}}");
  Json json(chat_json(m.data()));
  expect_text(json.text("text"), c.text);
  assert_equals_int64(json.number("user_id"), 16778240);
  expect_text(json.text("user_name"), "John");
  assert_equals_int64(json.number("timestamp"), kStart);
  if (c.message_id)
    expect_text(json.text("message_id"), c.message_id);
  if (c.operation)
    expect_text(json.text("operation"), c.operation);
  // What came: the text itself, or the object that it is.
  JsonNode *raw = json.member("raw");
  if (JSON_NODE_HOLDS_VALUE(raw)) {
    expect_text(json.text("raw"), std::string(m.data().payload));
  } else {
    Json payload{std::string(m.data().payload)};
    fail_unless(json_node_equal(raw, payload.node));
  }
}
GST_END_TEST;

// The sender is beside the payload, in it, or both.
GST_START_TEST(test_chat_sender) {
  const std::string payload =
      R"({"data":"Hi","sender":{"user_id":5,"user_name":"Ann"},"receiver":{"user_id":6}})";
  Media1 inside(R"({"msg_type":18,"content":{"data":)" + payload + "}}");
  Json json(chat_json(inside.data()));
  assert_equals_int64(json.number("user_id"), 5);
  expect_text(json.text("user_name"), "Ann");
  Media1 both(R"({"msg_type":18,"content":{"user_id":7,"user_name":"Bob","data":)" + payload +
              "}}");
  Json other(chat_json(both.data()));
  assert_equals_int64(other.number("user_id"), 7);
  expect_text(other.text("user_name"), "Bob");
  Media1 named(R"({"msg_type":18,"content":{"user_name":"Ann","data":)" + payload + "}}");
  Json fourth(chat_json(named.data()));
  assert_equals_int64(fourth.number("user_id"), 5);
  expect_text(fourth.text("user_name"), "Ann");
  Media1 nameless(R"({"msg_type":18,"content":{"user_id":8,"data":{"data":"Hi\u0000 all",)"
                  R"("sender":{"user_name":"Eve"}}}})");
  Json fifth(chat_json(nameless.data()));
  assert_equals_int64(fifth.number("user_id"), 8);
  expect_text(fifth.text("user_name"), "Eve");
  expect_text(fifth.text("text"), "Hi all");
  // Nobody gets the name of another one.
  Media1 mixed(R"({"msg_type":18,"content":{"user_id":7,"data":)" + payload + "}}");
  Json third(chat_json(mixed.data()));
  assert_equals_int64(third.number("user_id"), 7);
  expect_text(third.text("user_name"), "");
}
GST_END_TEST;

// Odd members of a chat object never yield invalid JSON, nor another message's text.
GST_START_TEST(test_chat_odd) {
  static const char *odd[] = {
      R"({"data":{"data":"deep"},"message_id":7,"operation_type":"new"})",
      R"({"data":null,"message_id":null,"operation_type":null})",
      R"({"data":[1,2],"message_id":[],"operation_type":99})",
      R"({"operation_type":-1})",
      R"({"operation_type":1e300,"data":"a\u0000b"})",
      R"("a\u0000b")",
      R"("{\"data\":\"a\\u0000b\"}")",
      R"("{\"data\":\"\\ud800\"}")",
      R"({"data":"\ud83c\udfa5","x":"\ud800"})",
      R"({})",
      R"("{}")",
  };
  for (const char *data : odd) {
    Parser parser;
    Message m = parser.parse(std::string("{\"msg_type\":18,\"content\":{\"data\":") + data + "}}");
    if (const MediaData *d = std::get_if<MediaData>(&m)) {
      Json json(chat_json(*d));
      fail_unless(json.has("raw"));
    }
  }
}
GST_END_TEST;

// `data` as an object, in the content and beside it: the content's counts, whichever is longer.
GST_START_TEST(test_chat_twice) {
  Parser parser;
  const Message m = parser.parse(R"({"msg_type":18,"content":{"data":{"data":"from the content"}},)"
                                 R"("data":{"data":"beside it, and a good deal longer"}})");
  const MediaData *d = std::get_if<MediaData>(&m);
  fail_unless(d != nullptr);
  expect_text(std::string(d->payload), R"({"data":"from the content"})");
}
GST_END_TEST;

static Suite *protocol_media_suite(void) {
  Suite *suite = suite_create("protocol_media");
  TCase *tc = tcase_create("media");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_audio, 0, (int) G_N_ELEMENTS(audio_spellings));
  tcase_add_test(tc, test_names_are_one_line);
  tcase_add_test(tc, test_kinds);
  tcase_add_test(tc, test_plain_content);
  tcase_add_test(tc, test_contact_center_channel);
  tcase_add_test(tc, test_large_payload);
  tc = tcase_create("text");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_transcript_span, 0, (int) G_N_ELEMENTS(spans));
  tcase_add_test(tc, test_transcript_json);
  tcase_add_test(tc, test_transcript_attribute);
  tcase_add_test(tc, test_large_user_id);
  tcase_add_loop_test(tc, test_chat, 0, (int) G_N_ELEMENTS(chats));
  tcase_add_test(tc, test_chat_sender);
  tcase_add_test(tc, test_chat_odd);
  tcase_add_test(tc, test_chat_twice);
  return suite;
}

GST_CHECK_MAIN(protocol_media)

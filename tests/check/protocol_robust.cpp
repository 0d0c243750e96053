// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever comes over the wire: no crash, and never a wrong value made up from broken bytes.
#include "../fuzz/scanagrees.h"
#include "protocol/build.h"
#include "protocol/parse.h"
#include "protocol/text.h"

#include <json-glib/json-glib.h>
#include "gst_check.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

using namespace rtms;

namespace {

// One intact message of every inbound kind.
const char *const kMessages[] = {
    R"({"msg_type":2,"status_code":3,"reason":"r\u00e9","media_server":{"server_urls":{"all":"wss://h/all","audio":"wss://h/a"}}})",
    R"({"msg_type":4,"status_code":17,"reason":"r","payload_encrypted":true,"media_params":{"audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20},"video":{"fps":25}}})",
    R"({"msg_type":6,"event":{"event_type":3,"participants":[{"user_id":123,"user_name":"Ann"}],"timestamp":1738392033699}})",
    R"({"msg_type":8,"state":4,"reason":"STOP_BC_MEETING_ENDED","timestamp":1738392033699})",
    R"({"msg_type":9,"rtms_session_id":"session","state":5,"stop_reason":24,"timestamp":1738392033699})",
    R"({"msg_type":12,"timestamp":1738392033699})",
    R"({"msg_type":14,"content":{"user_id":16778240,"user_name":"John Smith","data":"ab+\/cd==","length":640,"timestamp":1738392033699}})",
    R"({"msg_type":15,"content":{"user_id":16778240,"user_name":"Zoë","channel_id":"ch-1","data":"ab+/cd==","length":4,"timestamp":1738392033699,"more":true},"other":"x"})",
    R"({"content":"ab+\/cd==","user_name":"Zo\u00eb","timestamp":1738392033699,"msg_type":15})",
    R"({"msg_type":17,"content":{"user_id":16778240,"user_name":"John Smith","data":"Hello.","timestamp":1738392033699,"start_time":12,"end_time":1345,"language":19,"is_final":false}})",
    R"({"msg_type":18,"content":{"data":{"data":"text","sender":{},"message_id":"m","operation_type":2},"user_id":16778240}})",
    R"({"msg_type":22,"status_code":40,"reason":"r"})",
    R"({"msg_type":29,"user_id":16778240,"subscribe":true,"status_code":44})",
};

// A NUL is one more character here: JSON can spell it.
bool utf8(std::string text) {
  std::replace(text.begin(), text.end(), '\0', '0');
  return g_utf8_validate(text.data(), (gssize) text.size(), nullptr);
}

void expect_json(const std::string &text) {
  GError *error = nullptr;
  fail_unless(utf8(text.c_str()));
  JsonNode *node = json_from_string(text.c_str(), &error);
  fail_unless(node != nullptr, "%s in %s", error ? error->message : "", text.c_str());
  json_node_unref(node);
}

// Uses all that a message holds, as the element would. Text that is handed on must be valid UTF-8.
void consume(const Message &m, bool textmedia = true) {
  if (auto *r = std::get_if<SignalingResponse>(&m)) {
    fail_unless(utf8(r->reason) && utf8(r->all_url));
  } else if (auto *e = std::get_if<EventUpdate>(&m)) {
    for (const Participant &p : e->participants)
      fail_unless(utf8(p.user_name) && utf8(p.channel_id));
  } else if (auto *s = std::get_if<StreamStateUpdate>(&m)) {
    fail_unless(utf8(s->reason_text));
  } else if (auto *k = std::get_if<KeepAliveRequest>(&m)) {
    expect_json(build_keep_alive_response(k->timestamp));
  } else if (auto *d = std::get_if<MediaData>(&m)) {
    fail_unless(utf8(std::string(d->user_name)) && utf8(std::string(d->channel_id)));
    const bool is_text = d->media == Media::Transcript || d->media == Media::Chat;
    if (!textmedia || !is_text)
      return;
    transcript_span(*d, 1738392033699);
    expect_json(transcript_json(*d, 1738392033699));
    expect_json(chat_json(*d));
  }
}

// Parses from memory that ends exactly where the text ends.
void parse_exact(std::string_view text) {
  std::vector<char> bytes(text.begin(), text.end());
  Parser parser;
  consume(parser.parse({bytes.data(), bytes.size()}));
  fail_unless(scan_agrees({bytes.data(), bytes.size()}), "%.*s", static_cast<int>(text.size()),
              text.data());
}

// Everything after the first ':' that follows "key", up to the value's end, gives way to `value`.
std::string with_value(const std::string &text, size_t colon, const std::string &value) {
  size_t end = colon + 1, depth = 0;
  bool quoted = false;
  for (; end < text.size(); end++) {
    const char c = text[end];
    if (c == '\\')
      end++;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '{' || c == '['))
      depth++;
    else if (!quoted && depth > 0 && (c == '}' || c == ']'))
      depth--;
    else if (!quoted && depth == 0 && (c == ',' || c == '}' || c == ']'))
      break;
  }
  return text.substr(0, colon + 1) + value + text.substr(end);
}

std::string repeat(const char *what, size_t n) {
  std::string text;
  text.reserve(std::strlen(what) * n);
  for (size_t i = 0; i < n; i++)
    text += what;
  return text;
}

const char *const kValues[] = {"null",
                               "true",
                               "false",
                               "\"\"",
                               "\"x\"",
                               "[]",
                               "{}",
                               "[1]",
                               "{\"a\":1}",
                               "[[{}]]",
                               "0",
                               "-0",
                               "-1",
                               "-0.0",
                               "1.5",
                               "1e-400",
                               "1e400",
                               "-1e400",
                               "1e18",
                               "1e19",
                               "1.8e308",
                               "9223372036854775807",
                               "9223372036854775808",
                               "-9223372036854775808",
                               "-9223372036854775809",
                               "18446744073709551615",
                               "18446744073709551616",
                               "123456789012345678901234567890",
                               "\"123456789012345678901234567890\"",
                               "\"-1\"",
                               "\"1e400\"",
                               "\"nan\"",
                               "\"NaN\"",
                               "\"inf\"",
                               "\"0x10\"",
                               "\" 1\"",
                               "\"1 \"",
                               "NaN",
                               "Infinity",
                               "-Infinity",
                               "nan",
                               "0x10",
                               "01",
                               "+1",
                               ".5",
                               "1.",
                               "1e",
                               "-",
                               "--1",
                               "tru",
                               "nul",
                               "'x'",
                               "\"\\ud800\"",
                               "\"\\udc00\\ud800\"",
                               "\"\\u12\"",
                               "\"\\x\"",
                               "\"a\\u0000b\"",
                               "\"\t\"",
                               "1,\"x\":2",
                               "\"1,\\\"x\\\":2\"",
                               ""};

}  // namespace

// Cut anywhere, a message is an error, or the same kind of message with nothing made up.
GST_START_TEST(test_truncated) {
  const std::string text = kMessages[__i__];
  Parser whole;
  Message full = whole.parse(text);
  fail_if(std::holds_alternative<ParseError>(full), "%s", text.c_str());
  fail_if(std::holds_alternative<UnknownMessage>(full), "%s", text.c_str());
  for (size_t n = 0; n < text.size(); n++) {
    std::vector<char> bytes(text.begin(), text.begin() + (std::ptrdiff_t) n);
    Parser parser;
    Message cut = parser.parse({bytes.data(), bytes.size()});
    consume(cut);
    if (std::holds_alternative<ParseError>(cut))
      continue;
    fail_unless(cut.index() == full.index(), "kind %d at %d of %s", (int) cut.index(), (int) n,
                text.c_str());
    if (auto *d = std::get_if<MediaData>(&cut)) {
      const auto &f = std::get<MediaData>(full);
      fail_unless(d->payload == f.payload && (d->user_id == f.user_id || d->user_id == 0) &&
                      (d->user_name == f.user_name || d->user_name.empty()),
                  "half a message: %.*s (user %" G_GUINT64_FORMAT ", payload '%.*s')", (int) n,
                  text.c_str(), d->user_id, (int) d->payload.size(), d->payload.data());
    } else if (auto *s = std::get_if<StreamStateUpdate>(&cut)) {
      fail_unless(s->state == 4 || s->state == -1);
    } else if (auto *k = std::get_if<KeepAliveRequest>(&cut)) {
      fail_unless(k->timestamp == "1738392033699", "%s", k->timestamp.c_str());
    }
  }
}
GST_END_TEST;

// Every value of every message replaced by every kind of wrong value, then left out.
GST_START_TEST(test_wrong_values) {
  const std::string text = kMessages[__i__];
  for (size_t i = 0; i + 1 < text.size(); i++) {
    if (text[i] != ':' || text[i - 1] != '"')
      continue;
    for (const char *value : kValues)
      parse_exact(with_value(text, i, value));
    size_t key = text.rfind('"', text.rfind('"', i - 1) - 1);
    std::string missing = text;
    missing.replace(key, i - key, "\"other\"");
    parse_exact(missing);
  }
}
GST_END_TEST;

// One byte too many, one too few, or another in its place: structure breaks in every way there is.
GST_START_TEST(test_mutated) {
  const std::string text = kMessages[__i__];
  for (size_t at = 0; at < text.size(); at++) {
    parse_exact(text.substr(0, at) + text.substr(at + 1));
    for (char c : {'{', '}', '[', ']', ':', ',', '"', '\\', '0', '-', 'n', ' '}) {
      parse_exact(text.substr(0, at) + c + text.substr(at));
      parse_exact(text.substr(0, at) + c + text.substr(at + 1));
    }
  }
}
GST_END_TEST;

// What fuzzing found.
GST_START_TEST(test_found_by_fuzzing) {
  for (const char *type : {"1", "2", "4", "6", "8", "9", "12", "14", "17", "18", "22", "29", "99"})
    for (const char *rest :
         {R"(,"data":{""})", R"(,"data":{""}})", R"(,"data":[""})", R"(,"data":{"a")",
          R"(,"data":{"":})", R"(,"d":`1,"e":{"f":{"g":"":{"h":2,"i"{"j":{"k":22}9}})"})
      parse_exact(std::string("{\"msg_type\":") + type + rest);
}
GST_END_TEST;

GST_START_TEST(test_found_by_fuzzing_token) {
  parse_exact(R"({"msg_type":6,"event":{"participants":[},},"":}})");
}
GST_END_TEST;

// A field that cannot be read costs only itself: liberal in what we accept.
GST_START_TEST(test_wrong_field_keeps_others) {
  for (const char *wrong : {"null", "true", "[]", "{\"data\":\"no\"}", "\"\"", "-1", "1e400"}) {
    for (const char *key : {"user_id", "user_name", "length", "timestamp", "start_time", "end_time",
                            "language", "is_final", "attribute", "channel_id"}) {
      Parser parser;
      Message m = parser.parse(std::string("{\"msg_type\":17,\"content\":{\"") + key +
                               "\":" + wrong + ",\"data\":\"Hello.\"}}");
      if (const MediaData *d = std::get_if<MediaData>(&m))
        fail_unless(d->payload == "Hello.", "%s: %s", key, wrong);
      else  // a number outside of JSON's range is the one excuse
        fail_unless(std::strcmp(wrong, "1e400") == 0, "%s: %s", key, wrong);
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_not_a_message) {
  static const char *texts[] = {"",
                                " ",
                                "\n",
                                "[]",
                                "[1,2]",
                                "[{\"msg_type\":12,\"timestamp\":1}]",
                                "1",
                                "\"msg_type\"",
                                "null",
                                "true",
                                "{}",
                                "{",
                                "}",
                                "[",
                                "\"",
                                "{]",
                                "nonsense",
                                "<html></html>",
                                "{\"msg_type\"}",
                                "{\"msg_type\":}",
                                "{\"timestamp\":1}",
                                "{\"msg_type\":null}",
                                "{msg_type:12}",
                                "{\"msg_type\":\"\"}",
                                "{\"msg_type\":\"twelve\"}",
                                "{\"msg_type\":{}}",
                                "{\"msg_type\":[12]}"};
  Parser parser;
  for (const char *text : texts)
    fail_unless(std::holds_alternative<ParseError>(parser.parse(text)), "%s", text);
  fail_unless(std::holds_alternative<ParseError>(parser.parse({})));
  fail_unless(std::holds_alternative<ParseError>(parser.parse({"\0\0\0", 3})));
}
GST_END_TEST;

GST_START_TEST(test_deep_nesting) {
  const size_t n = 1000000;
  const std::string open = repeat("[", n), objects = repeat("{\"a\":", n),
                    closed = open + repeat("]", n);
  Parser parser;
  for (const std::string *deep : {&open, &objects, &closed}) {
    for (const char *head :
         {"", "{\"msg_type\":", "{\"x\":", "{\"msg_type\":6,\"event\":",
          "{\"msg_type\":6,\"event\":{\"event_type\":99,\"x\":",
          "{\"msg_type\":2,\"media_server\":", "{\"msg_type\":4,\"media_params\":",
          "{\"msg_type\":12,\"timestamp\":", "{\"msg_type\":14,\"content\":",
          "{\"msg_type\":18,\"content\":{\"data\":"}) {
      consume(parser.parse(head + *deep), false);
      consume(parser.parse(head + *deep + (std::strchr(head, '{') ? "}}" : "")), false);
    }
  }
}
GST_END_TEST;

// A chat text is a peer's input: nesting inside of it is as hostile as outside.
GST_START_TEST(test_deep_chat) {
  const size_t n = 1000000;
  const std::string deep[] = {
      repeat("[", n), repeat("{\\\"a\\\":", n),
      "{\\\"data\\\":" + repeat("[", n) + repeat("]", n) + "}",
      "{\\\"x\\\":" + repeat("[", n) + repeat("]", n) + ",\\\"data\\\":\\\"t\\\"}"};
  Parser parser;
  for (const std::string &text : deep) {
    Message m = parser.parse("{\"msg_type\":18,\"content\":{\"data\":\"" + text + "\"}}");
    if (const MediaData *d = std::get_if<MediaData>(&m))
      fail_unless(utf8(chat_json(*d)));
    m = parser.parse("{\"msg_type\":17,\"content\":{\"data\":\"" + text + "\"}}");
    if (const MediaData *d = std::get_if<MediaData>(&m))
      fail_unless(utf8(transcript_json(*d, 0)));
  }
}
GST_END_TEST;

// Only media and the answers to handshakes may be so large, wherever the type stands.
GST_START_TEST(test_large_control) {
  const std::string filler(1 << 20, 'x');
  Parser parser;
  const auto refused = [&](const std::string &text) {
    const Message message = parser.parse(text);
    const auto error = std::get_if<ParseError>(&message);
    return error && error->what.find("with more than 1 MiB") != std::string::npos;
  };
  const char *const before[] = {
      R"({"msg_type":)", "\r\n\t {  \"msg_type\" :  ", R"({"x":1,"msg_type":)", R"({"msg_type":")"};
  for (const char *start : before) {
    const bool quoted = start[strlen(start) - 1] == '"';
    const auto message = [&](int type) {
      return start + std::to_string(type) + (quoted ? "\"" : "") + ",\"y\":\"" + filler + "\"}";
    };
    for (const int type : {1, 6, 8, 9, 12, 22, 29, 99})
      fail_unless(refused(message(type)), "%s%d", start, type);
    for (const int type : {2, 4, 14, 15, 16, 17, 18})
      fail_if(refused(message(type)), "%s%d", start, type);
  }
  // The types of nested objects, and what is no type, say nothing.
  fail_if(refused(R"({"content":{"msg_type":6},"msg_type":14,"y":")" + filler + "\"}"));
  for (const char *start : {R"({"msg_type":6.5e1x)", R"({"msg_type":)", R"({"msg_type")", "{", ""})
    fail_unless(std::holds_alternative<ParseError>(parser.parse(start + filler)), "%s", start);
}
GST_END_TEST;

GST_START_TEST(test_invalid_utf8) {
  static const char *bad[] = {"\xff",     "\x80",         "\xc0\xaf",
                              "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                              "\xfe\xff", "\xc3"};
  for (const char *bytes : bad) {
    for (const char *message : kMessages) {
      const std::string text = message;
      for (size_t at = 0; at <= text.size(); at += 3)
        parse_exact(text.substr(0, at) + bytes + text.substr(at));
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_embedded_nul) {
  for (const char *message : kMessages) {
    const std::string text = message;
    for (size_t at = 0; at <= text.size(); at++)
      parse_exact(text.substr(0, at) + '\0' + text.substr(at));
  }
  parse_exact(
      R"({"msg_type":17,"content":{"data":"a\u0000b","user_name":"c\u0000d","user_id":1}})");
  parse_exact(
      R"({"msg_type":18,"content":{"data":"a\u0000b","user_name":"c\u0000d","user_id":1}})");
}
GST_END_TEST;

// What most messages look like is scanned, in any order of the members; what is not clear is left
// to the parser.
GST_START_TEST(test_scan) {
  for (const char *text :
       {R"({"msg_type":14,"content":{"user_id":1,"user_name":"A","data":"QUJD","timestamp":5}})",
        R"( { "content" : { "data" : "QUJD" , "length" : 3 } , "msg_type" : 16 } )",
        R"({"x":null,"content":{"y":12,"data":"","channel_id":"c"},"msg_type":15,"z":"Zoë"})"}) {
    fail_unless(scan_media(text).has_value(), "%s", text);
    fail_unless(scan_agrees(text), "%s", text);
  }
  for (const char *text :
       {"",
        "{}",
        "[]",
        R"({"msg_type":14})",
        R"({"msg_type":14,"content":{}})",
        R"({"msg_type":17,"content":{"data":"QUJD"}})",
        R"({"msg_type":14,"content":{"data":"QU\/D"}})",
        R"({"msg_type":14,"content":{"data":"QUJD"}}x)",
        R"({"msg_type":14,"content":{"data":"QUJD"},"data":"QUJD"})",
        R"({"msg_type":14,"content":{"data":"QUJD","data":"QUJD"}})",
        R"({"msg_type":14,"content":{"data":"QUJD"},"msg_type":15})",
        R"({"msg_type":14,"content":{"data":"QUJD"},"content":{}})",
        R"({"msg_type":14,"content":{"data":"QUJD","timestamp":9000000000001}})",
        R"({"msg_type":14,"content":{"data":"QUJD","user_id":01}})",
        R"({"msg_type":14,"content":{"data":"QUJD","user_id":-1}})",
        R"({"msg_type":14,"content":{"data":"QUJD","user_id":1.5}})",
        R"({"msg_type":14,"content":{"data":"QUJD","user_id":1234567890123456789}})",
        R"({"msg_type":14,"content":{"data":"QUJD","more":[]}})",
        R"({"msg_type":14,"content":{"data":"QUJD",}})",
        "{\"msg_type\":14,\"content\":{\"data\":\"QUJD\",\"user_name\":\"\xff\"}}"})
    fail_unless(!scan_media(text), "%s", text);
}
GST_END_TEST;

// Nothing that stands for a timestamp can smuggle anything into our answer.
GST_START_TEST(test_keep_alive_injection) {
  for (const char *stamp : kValues) {
    Parser parser;
    Message m = parser.parse(std::string("{\"msg_type\":12,\"timestamp\":") + stamp + "}");
    const auto *k = std::get_if<KeepAliveRequest>(&m);
    if (!k)
      continue;
    const std::string answer = build_keep_alive_response(k->timestamp);
    // json-glib reads more numbers than JSON has.
    fail_unless(
        g_regex_match_simple("^(\"[^\"\\\\]*\"|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?)?$",
                             k->timestamp.c_str(), (GRegexCompileFlags) 0, (GRegexMatchFlags) 0),
        "%s: %s", stamp, answer.c_str());
    JsonNode *node = json_from_string(answer.c_str(), nullptr);
    fail_unless(node && JSON_NODE_HOLDS_OBJECT(node), "%s: %s", stamp, answer.c_str());
    JsonObject *object = json_node_get_object(node);
    fail_unless(json_object_get_size(object) <= 2, "%s: %s", stamp, answer.c_str());
    assert_equals_int64(json_object_get_int_member(object, "msg_type"), 13);
    json_node_unref(node);
  }
}
GST_END_TEST;

// Times at the ends of their range do not overflow.
GST_START_TEST(test_extreme_spans) {
  for (int64_t base : {INT64_MIN, (int64_t) -1, (int64_t) 0, INT64_MAX})
    for (int64_t time : {INT64_MIN, (int64_t) -1, (int64_t) 1, (int64_t) 99999999999, INT64_MAX}) {
      MediaData data;
      data.media = Media::Transcript;
      data.timestamp = time;
      data.start_time = data.end_time = time;
      transcript_span(data, base);
      expect_json(transcript_json(data, base));
      data.start_time.reset();
      transcript_span(data, base);
    }
}
GST_END_TEST;

static Suite *protocol_robust_suite(void) {
  Suite *suite = suite_create("protocol_robust");
  TCase *tc = tcase_create("robust");
  suite_add_tcase(suite, tc);
  tcase_set_timeout(tc, 120);  // valgrind
  tcase_add_loop_test(tc, test_truncated, 0, (int) G_N_ELEMENTS(kMessages));
  tcase_add_loop_test(tc, test_wrong_values, 0, (int) G_N_ELEMENTS(kMessages));
  tcase_add_loop_test(tc, test_mutated, 0, (int) G_N_ELEMENTS(kMessages));
  tcase_add_test(tc, test_found_by_fuzzing);
  tcase_add_test(tc, test_found_by_fuzzing_token);
  tcase_add_test(tc, test_wrong_field_keeps_others);
  tcase_add_test(tc, test_not_a_message);
  tcase_add_test(tc, test_deep_nesting);
  tcase_add_test(tc, test_deep_chat);
  tcase_add_test(tc, test_large_control);
  tcase_add_test(tc, test_invalid_utf8);
  tcase_add_test(tc, test_embedded_nul);
  tcase_add_test(tc, test_scan);
  tcase_add_test(tc, test_keep_alive_injection);
  tcase_add_test(tc, test_extreme_spans);
  return suite;
}

GST_CHECK_MAIN(protocol_robust)

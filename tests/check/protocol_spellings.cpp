// SPDX-License-Identifier: LGPL-2.1-or-later
// The same things said in other ways: older servers, other products, and what clients have seen.
#include "protocol/build.h"
#include "protocol/parse.h"
#include "protocol/webhook.h"

#include "gst_check.h"

using namespace rtms;

namespace {

// With the parser that its views point into.
template <typename T>
struct Parsed {
  Parser parser;
  Message message;

  explicit Parsed(const std::string &text) : message(parser.parse(text)) {
    fail_unless(std::holds_alternative<T>(message), "kind %d: %s", (int) message.index(),
                text.c_str());
  }
  const T *operator->() const { return &std::get<T>(message); }
};

std::string audio(const std::string &user, const std::string &timestamp) {
  return R"({"msg_type":14,"content":{)" + user + R"("data":"AAAA","timestamp":)" + timestamp +
         "}}";
}

std::string transcript(const std::string &members) {
  return R"({"msg_type":17,"content":{"user_id":5,"data":"x","timestamp":1738392033000)" + members +
         "}}";
}

Webhook webhook(const std::string &text) {
  const WebhookResult result = parse_webhook(text);
  fail_unless(std::holds_alternative<Webhook>(result), "%s", text.c_str());
  return std::get<Webhook>(result);
}

Webhook phone(const std::string &urls) {
  return webhook(
      R"({"event":"phone.call_rtms_started","payload":{"call_id":12,"rtms_stream_id":"s",)"
      R"("server_urls":)" +
      urls + "}}");
}

const char kUrls[] = R"("media_server":{"server_urls":{"all":"wss://h/m"}})";

}  // namespace

// The verdict is a number in `status_code`, or in `status`, or a word, or a reason alone.
GST_START_TEST(test_status) {
  const struct {
    std::string members;
    int64_t status;
  } cases[] = {
      {"", 0},
      {kUrls, 0},
      {R"("status_code":3)", 3},
      {R"("status_code":"3")", 3},
      {R"("status_code":{})", kNoStatus},
      {R"("status":3)", 3},
      {R"("status":0)", 0},
      {R"("status":"ok")", 0},
      {R"("status":"SUCCESS")", 0},
      {R"("status":"failed")", kNoStatus},
      {R"("status":"revoked")", kNoStatus},
      {R"("status":"not ok")", kNoStatus},
      {R"("reason":"revoked")", kNoStatus},
      {R"("status":7,"status_code":0)", 0},
      {R"("reason":"")", 0},
      {R"("reason":"OK")", 0},
      {R"("reason":"Success")", 0},
      {R"("reason":"Invalid signature")", kNoStatus},
      {std::string(R"("reason":"Invalid signature",)") + kUrls, 0},
      {R"("reason":"Duplicate signal request")", 8},
      {R"("status_code":17,"reason":"DUPLICATE SIGNAL REQUEST, sorry")", 8},
      {R"("status_code":0,"reason":"duplicate signal request")", 0},
  };
  for (auto &one : cases) {
    const std::string text =
        R"({"msg_type":2)" + (one.members.empty() ? "" : "," + one.members) + "}";
    const Parsed<SignalingResponse> response(text);
    fail_unless(response->status == one.status, "%s: %d", text.c_str(), (int) response->status);
  }
  fail_unless(Parsed<DataResponse>(R"({"msg_type":4,"reason":"no","media_params":{}})")->status ==
              0);
  fail_unless(Parsed<DataResponse>(R"({"msg_type":4,"reason":"no"})")->status == kNoStatus);
  fail_unless(Parsed<StreamCloseResponse>(R"({"msg_type":22,"status":2})")->status == 2);
}
GST_END_TEST;

GST_START_TEST(test_screen_share) {
  const Parsed<SignalingResponse> urls(
      R"({"msg_type":2,"media_server":{"server_urls":{"sharescreen":"wss://h/s"}}})");
  assert_equals_string(urls->media_url[static_cast<int>(Media::Screen)].c_str(), "wss://h/s");
  const Parsed<DataResponse> params(
      R"({"msg_type":4,"status_code":0,"media_params":{"sharescreen":{"codec":5}}})");
  fail_unless(params->params[static_cast<int>(Media::Screen)].codec == 5);
}
GST_END_TEST;

GST_START_TEST(test_subscription) {
  fail_unless(Parsed<VideoSubscriptionResponse>(R"({"msg_type":29,"user_id":5})")->subscribe);
  fail_if(Parsed<VideoSubscriptionResponse>(R"({"msg_type":29,"user_id":5,"subscribe":false})")
              ->subscribe);
}
GST_END_TEST;

// The mix.
GST_START_TEST(test_users) {
  for (const char *user :
       {"", R"("user_id":0,)", R"("user_id":-1,)", R"("user_id":4294967295,)", R"("user_id":"-1",)",
        R"("user_id":"4294967295",)", R"("user_id":null,)"})
    fail_unless(Parsed<MediaData>(audio(user, "1738392033000"))->user_id == 0, "%s", user);
  fail_unless(Parsed<MediaData>(audio(R"("user_id":"16778240",)", "1"))->user_id == 16778240);
  const Parsed<EventUpdate> speaker(
      R"({"msg_type":6,"event":{"event_type":2,"current_id":"16778240","user_name":"Ada"}})");
  fail_unless(speaker->participants.at(0).user_id == 16778240);
}
GST_END_TEST;

GST_START_TEST(test_microseconds) {
  for (const char *time : {"1738392033699", "1738392033699123", "\"1738392033699123\""})
    fail_unless(Parsed<MediaData>(audio("", time))->timestamp == 1738392033699, "%s", time);
  const Parsed<MediaData> line(
      transcript(R"(,"start_time":1738392033699123,"end_time":1738392034699)"));
  fail_unless(line->start_time == 1738392033699 && line->end_time == 1738392034699);
  fail_unless(Parsed<MediaData>(audio("", "10000000000000"))->timestamp == 0);
}
GST_END_TEST;

GST_START_TEST(test_byte_order_mark) {
  const std::string mark = "\xef\xbb\xbf";
  fail_unless(Parsed<MediaData>(mark + audio("", "1738392033000"))->timestamp == 1738392033000);
  fail_unless(Parsed<KeepAliveRequest>(mark + R"({"msg_type":12,"timestamp":5})")->timestamp ==
              "5");
  const auto marked = webhook(mark + R"({"meeting_uuid":"m","rtms_stream_id":"s"})");
  assert_equals_string(marked.id.c_str(), "m");
  Parser parser;
  fail_unless(std::holds_alternative<ParseError>(parser.parse(mark)));
  fail_unless(std::holds_alternative<ParseError>(parser.parse(mark + mark + "{}")));
}
GST_END_TEST;

GST_START_TEST(test_keep_alive_of_64_bits) {
  const std::string time = "18446744073709551615";
  fail_unless(Parsed<KeepAliveRequest>("{\"msg_type\":12,\"timestamp\":" + time + "}")->timestamp ==
              time);
}
GST_END_TEST;

// A number that fits nowhere is unknown; the rest of the message counts. Those of other members
// stay, and those in strings.
GST_START_TEST(test_large_numbers) {
  const char *const large[] = {"18446744073709551616",
                               "-9223372036854775809",
                               "12345678901234567890123",
                               "-12345678901234567890123",
                               "1e400",
                               "-1.5E+400",
                               "[0,1e400,{\"a\":[1e400]}]",
                               "{\"b\":99999999999999999999}"};
  for (const std::string number : large) {
    const std::string other = ",\"new\":" + number + ",\"text\":\"\\\"1e400";
    fail_unless(
        Parsed<KeepAliveRequest>("{\"msg_type\":12" + other + "\",\"timestamp\":5}")->timestamp ==
        "5");
    Parsed<StreamStateUpdate> state("{\"msg_type\":8,\"state\":4" + other +
                                    "\",\"timestamp\":1738392033699}");
    fail_unless(state->state == 4 && state->timestamp == 1738392033699);
    // Beside characters that cannot be read, either.
    fail_unless(
        Parsed<KeepAliveRequest>("{\"msg_type\":12" + other + "\xff\\ud800\",\"timestamp\":5}")
            ->timestamp == "5");
  }
  Parser parser;
  for (const char *none : {"01", "1.", "--1", "1e", "+1", "1e400e400", "999999999999999999999x"})
    fail_unless(std::holds_alternative<ParseError>(
                    parser.parse(std::string("{\"msg_type\":12,\"timestamp\":") + none + "}")),
                "%s", none);
}
GST_END_TEST;

// A number is what happens to the text; it says nothing about finality.
GST_START_TEST(test_attribute) {
  const struct {
    const char *members;
    TextOperation operation;
    std::optional<bool> is_final;
  } cases[] = {
      {"", TextOperation::New, {}},
      {R"(,"attribute":0)", TextOperation::New, {}},
      {R"(,"attribute":1)", TextOperation::New, {}},
      {R"(,"attribute":2)", TextOperation::Update, {}},
      {R"(,"attribute":"2")", TextOperation::Update, {}},
      {R"(,"attribute":3)", TextOperation::Delete, {}},
      {R"(,"attribute":4)", TextOperation::New, {}},
      {R"(,"attribute":0,"is_final":false)", TextOperation::New, false},
      {R"(,"is_final":true,"attribute":2)", TextOperation::Update, true},
      {R"(,"attribute":"final")", TextOperation::New, true},
      {R"(,"attribute":"interim")", TextOperation::New, false},
      {R"(,"attribute":false)", TextOperation::New, false},
  };
  for (auto &one : cases) {
    const Parsed<MediaData> line(transcript(one.members));
    fail_unless(line->operation == one.operation && line->is_final == one.is_final, "%s",
                one.members);
  }
}
GST_END_TEST;

GST_START_TEST(test_contact_center) {
  for (const char *key : {"participant_info", "paticipant_info"}) {
    const Parsed<EventUpdate> event(
        R"({"msg_type":6,"event":{"event_type":8,"event_ts":1738392033000,")" + std::string(key) +
        R"(":{"channel_id":"c1","display_name":"Ada","user_id":"7"}}})");
    fail_unless(event->participants.size() == 1, "%s", key);
    const Participant &who = event->participants[0];
    fail_unless(who.channel_id == "c1" && who.user_name == "Ada" && who.user_id == 7);
  }
  const std::vector<int> events = subscribable_events(Product::ContactCenter);
  fail_unless(events.back() == 34);
}
GST_END_TEST;

GST_START_TEST(test_webhooks) {
  for (const char *urls :
       {R"("wss://h/1")", R"("wss://h/1,wss://h/2")", R"(["wss://h/1","wss://h/2"])",
        R"({"signaling":"wss://h/1"})", R"({"signal":["wss://h/1"],"all":"wss://h/2"})",
        R"({"all":"wss://h/1"})", R"({"audio":"wss://h/1"})",
        R"({"all":"wss://h/3","signaling":"wss://h/1","signal":"wss://h/2"})"}) {
    const Webhook hook = phone(urls);
    assert_equals_string(hook.signaling_url.c_str(), "wss://h/1");
    fail_unless(hook.product == Product::Phone && hook.id == "12");
  }
  for (const char *urls : {"null", "[]", "{}", "5", "[[]]"})
    fail_unless(phone(urls).signaling_url.empty(), "%s", urls);
  fail_unless(webhook(R"({"event":"contactcenter.rtms_started","payload":{"engagement_id":"e"}})")
                  .product == Product::ContactCenter);
}
GST_END_TEST;

// Both ids are sent, and kept for the signature.
GST_START_TEST(test_webinar) {
  const Webhook both = webhook(
      R"({"event":"webinar.rtms_started","payload":{"webinar_uuid":"w","meeting_uuid":"m"}})");
  fail_unless(both.id == "m" && both.webinar_id == "w");
  const Webhook alone =
      webhook(R"({"event":"webinar.rtms_started","payload":{"webinar_uuid":"w"}})");
  fail_unless(alone.id == "w" && alone.webinar_id == "w");
  fail_unless(
      webhook(R"({"event":"webinar.rtms_started","payload":{"webinar_id":777}})").meeting_id ==
      "777");
  Identity who;
  who.product = Product::Webinar;
  who.id = "m";
  who.webinar_id = "w";
  const std::string hello = build_signaling_handshake(who, kMaskAll, true, false, 1);
  fail_unless(hello.find(R"("meeting_uuid":"m")") != std::string::npos);
  fail_unless(hello.find(R"("webinar_uuid":"w")") != std::string::npos);
  fail_unless(hello.find("client_id") == std::string::npos, "%s", hello.c_str());
}
GST_END_TEST;

GST_START_TEST(test_reasons) {
  fail_unless(stop_reason_from_name("STOP_BC_APP_DISABLED_BY_HOST") == 5);
  fail_unless(stop_reason_from_name("STOP_BC_MEETING_CONNECTION_INTERRUPTED") == 12);
  for (int64_t reason = -1; reason < 30; reason++)
    fail_unless(is_restartable(reason) == ((reason >= 10 && reason <= 19) || reason == 24), "%d",
                (int) reason);
}
GST_END_TEST;

static Suite *protocol_spellings_suite() {
  Suite *suite = suite_create("protocol_spellings");
  TCase *tcase = tcase_create("spellings");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_status);
  tcase_add_test(tcase, test_screen_share);
  tcase_add_test(tcase, test_subscription);
  tcase_add_test(tcase, test_users);
  tcase_add_test(tcase, test_microseconds);
  tcase_add_test(tcase, test_byte_order_mark);
  tcase_add_test(tcase, test_keep_alive_of_64_bits);
  tcase_add_test(tcase, test_large_numbers);
  tcase_add_test(tcase, test_attribute);
  tcase_add_test(tcase, test_contact_center);
  tcase_add_test(tcase, test_webhooks);
  tcase_add_test(tcase, test_webinar);
  tcase_add_test(tcase, test_reasons);
  return suite;
}

GST_CHECK_MAIN(protocol_spellings)

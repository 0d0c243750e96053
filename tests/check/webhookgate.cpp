// SPDX-License-Identifier: LGPL-2.1-or-later
// What a request to the webhook's URL is answered, and what it means.
#include "protocol/webhookgate.h"

#include "crypto.h"

#include <json-glib/json-glib.h>
#include "gst_check.h"

#include <memory>
#include <string>

using namespace rtms;

namespace {

constexpr char kToken[] = "Kp7-webhook-token";
constexpr int64_t kNow = 1738392033;
constexpr char kStamp[] = "1738392033";

// printf '%s' 'v0:1738392033:BODY' | openssl dgst -sha256 -hmac Kp7-webhook-token
constexpr char kValidation[] =
    R"({"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680})";
constexpr char kValidationSignature[] =
    "v0=aef758134467951dd64e6ecb3dbf8511ca6068e3104c7f4ef88eb78c8b802824";
constexpr char kStarted[] =
    R"({"event":"meeting.rtms_started","event_ts":1738392033699,"payload":{"account_id":"a","object":{"meeting_id":"81234567890","meeting_uuid":"4f/Zk3+QTm6aa/8w==","rtms_stream_id":"stream-1","server_urls":"wss://h.example/s"}}})";
constexpr char kStartedSignature[] =
    "v0=5b4d1b325b868845fab6868fda953e7a1f62c379d89c7b1c14ecbd55dd036e74";
// printf '%s' qgg8vlvZRS6UYooatFL8Aw | openssl dgst -sha256 -hmac Kp7-webhook-token
constexpr char kEncryptedToken[] =
    "afa4e76bf2db1bbd6dc9ea0f57cef2e2eb7e19296ca15d425aae1ac913a5e5b4";

WebhookGate new_gate() {
  return WebhookGate("/webhook", Secret(std::string_view(kToken)));
}

WebhookHead head(const std::string &signature) {
  WebhookHead head;
  head.method = "POST";
  head.path = "/webhook";
  head.timestamp = kStamp;
  head.signature = signature;
  return head;
}

std::string sign(const std::string &body, const std::string &stamp = kStamp,
                 const std::string &token = kToken) {
  return "v0=" + rtmstest::hmac_sha256_hex(token, "v0:" + stamp + ":" + body);
}

WebhookAnswer post(WebhookGate *gate, const std::string &body, int64_t now = kNow) {
  const std::string signature = sign(body);
  return gate->answer(head(signature), body, now);
}

std::string member(const std::string &json, const char *name) {
  std::unique_ptr<JsonNode, void (*)(JsonNode *)> node(json_from_string(json.c_str(), nullptr),
                                                       json_node_unref);
  fail_unless(node && JSON_NODE_HOLDS_OBJECT(node.get()), "%s", json.c_str());
  return json_object_get_string_member_with_default(json_node_get_object(node.get()), name, "");
}

void expect_refused(const WebhookAnswer &answer, unsigned status, const char *what = "") {
  fail_unless(answer.status == status, "%s: %u, %s", what, answer.status, answer.why.c_str());
  fail_unless(answer.event == WebhookEvent::Other, "%s", what);
  fail_unless(!member(answer.body, "error").empty(), "%s", answer.body.c_str());
}

// Answered well, and without any meaning.
void expect_ignored(const WebhookAnswer &answer, const char *what = "") {
  fail_unless(answer.status == 200, "%s: %u, %s", what, answer.status, answer.why.c_str());
  fail_unless(answer.event == WebhookEvent::Other, "%s: %s", what, answer.why.c_str());
  member(answer.body, "status");
}

std::string event(const std::string &name, const std::string &members, int64_t ts = 1) {
  return "{\"event\":\"" + name + "\",\"event_ts\":" + std::to_string(ts) +
         ",\"payload\":{\"object\":{" + members + "}}}";
}

}  // namespace

GST_START_TEST(test_started) {
  WebhookGate gate = new_gate();
  const WebhookAnswer answer = gate.answer(head(kStartedSignature), kStarted, kNow);
  fail_unless(answer.status == 200 && answer.event == WebhookEvent::Started, "%u, %s",
              answer.status, answer.why.c_str());
  member(answer.body, "status");
  fail_unless(answer.hook.stream_id == "stream-1");
  fail_unless(answer.hook.id == "4f/Zk3+QTm6aa/8w==");
  fail_unless(answer.hook.meeting_id == "81234567890");
  fail_unless(answer.hook.signaling_url == "wss://h.example/s");
  fail_unless(answer.hook.product == Product::Meeting);
}
GST_END_TEST;

GST_START_TEST(test_validation) {
  WebhookGate gate = new_gate();
  for (int times = 0; times < 2; times++) {
    const WebhookAnswer answer = gate.answer(head(kValidationSignature), kValidation, kNow);
    fail_unless(answer.status == 200 && answer.event == WebhookEvent::Other);
    fail_unless(member(answer.body, "plainToken") == "qgg8vlvZRS6UYooatFL8Aw");
    fail_unless(member(answer.body, "encryptedToken") == kEncryptedToken, "%s",
                answer.body.c_str());
  }
  const char odd[] = R"({"event":"endpoint.url_validation","payload":{"plainToken":"a\"\\é\n"}})";
  fail_unless(member(post(&gate, odd).body, "plainToken") == "a\"\\é\n");
  for (const char *none : {R"({"event":"endpoint.url_validation"})",
                           R"({"event":"endpoint.url_validation","payload":7})",
                           R"({"event":"endpoint.url_validation","payload":{}})",
                           R"({"event":"endpoint.url_validation","payload":{"plainToken":""}})",
                           R"({"event":"endpoint.url_validation","payload":{"plainToken":{}}})"})
    expect_refused(post(&gate, none), 400, none);
}
GST_END_TEST;

// Answering anybody's challenge would sign anybody's webhook.
GST_START_TEST(test_validation_is_no_oracle) {
  WebhookGate gate = new_gate();
  std::string body = R"({"event":"endpoint.url_validation","payload":{"plainToken":"v0:1:x"}})";
  const std::string wrong = sign(body, kStamp, "guessed");
  for (const std::string &signature : {std::string(), wrong}) {
    const WebhookAnswer answer = gate.answer(head(signature), body, kNow);
    expect_refused(answer, 401);
    fail_unless(member(answer.body, "encryptedToken").empty());
  }
}
GST_END_TEST;

GST_START_TEST(test_refused) {
  WebhookGate gate = new_gate();
  const std::string good = kStartedSignature, other = sign(std::string(kStarted) + " ");
  WebhookHead request = head(good);
  request.path = "/";
  expect_refused(gate.answer(request, kStarted, kNow), 404);
  for (const char *path : {"", "/webhoo", "/webhook/", "/Webhook", "/webhook?x", "*"}) {
    request.path = path;
    expect_refused(gate.answer(request, kStarted, kNow), 404, path);
  }
  request = head(good);
  for (const char *method : {"GET", "PUT", "HEAD", "OPTIONS", "post", ""}) {
    request.method = method;
    expect_refused(gate.answer(request, kStarted, kNow), 405, method);
  }
  for (const std::string &signature :
       {std::string(), other, good.substr(3), good.substr(0, good.size() - 1), good + "0",
        sign(kStarted, kStamp, "another"), sign(kStarted, kStamp, "")})
    expect_refused(gate.answer(head(signature), kStarted, kNow), 401, signature.c_str());
  request = head(good);
  for (const char *stamp : {"", "1738392034", "soon", "1738392033699", "-1738392033"}) {
    request.timestamp = stamp;
    expect_refused(gate.answer(request, kStarted, kNow), 401, stamp);
  }
  for (const char *body : {"", "[]", "nonsense", "{", "7"})
    expect_refused(post(&gate, body), 400, body);
  // None of them has used up the real one.
  fail_unless(gate.answer(head(good), kStarted, kNow).event == WebhookEvent::Started);
}
GST_END_TEST;

GST_START_TEST(test_window) {
  for (int64_t off : {-300, -299, 0, 299, 300}) {
    WebhookGate gate = new_gate();
    fail_unless(post(&gate, kStarted, kNow + off).event == WebhookEvent::Started, "%d", (int) off);
  }
  constexpr int64_t kWeek = 7 * 24 * 3600;
  for (int64_t off : {-kWeek, int64_t{-301}, int64_t{301}, kWeek}) {
    WebhookGate gate = new_gate();
    expect_refused(post(&gate, kStarted, kNow + off), 401);
  }
}
GST_END_TEST;

GST_START_TEST(test_no_token) {
  WebhookGate gate("/webhook", Secret());
  const std::string signature = sign(kStarted, kStamp, "");
  expect_refused(gate.answer(head(signature), kStarted, kNow), 401);
}
GST_END_TEST;

GST_START_TEST(test_size) {
  fail_unless(kMaxWebhookBody == 1048576);
  WebhookGate gate = new_gate();
  std::string body = event("meeting.rtms_stopped", R"("rtms_stream_id":"s","x":")");
  body.insert(body.size() - 3, std::string(1048576 - body.size() - 1, 'x') + '"');
  fail_unless(body.size() == 1048576, "%d", (int) body.size());
  fail_unless(post(&gate, body).event == WebhookEvent::Stopped);
  expect_refused(post(&gate, body + " "), 413);
  WebhookHead request = head("v0=00");
  request.content_length = 1048577;
  const auto early = gate.refuse(request);
  fail_unless(early.has_value());
  expect_refused(*early, 413);
  request.content_length = 1048576;
  fail_unless(!gate.refuse(request).has_value());
  request.signature = "";
  fail_unless(gate.refuse(request).has_value());
}
GST_END_TEST;

GST_START_TEST(test_events) {
  static const struct {
    const char *name, *key;
    Product product;
  } products[] = {{"meeting.rtms_", "meeting_uuid", Product::Meeting},
                  {"webinar.rtms_", "meeting_uuid", Product::Webinar},
                  {"session.rtms_", "session_id", Product::VideoSdk},
                  {"contact_center.voice_rtms_", "engagement_id", Product::ContactCenter},
                  {"phone.rtms_", "call_id", Product::Phone}};
  static const struct {
    const char *name;
    WebhookEvent event;
  } events[] = {{"started", WebhookEvent::Started},
                {"interrupted", WebhookEvent::Interrupted},
                {"stopped", WebhookEvent::Stopped}};
  WebhookGate gate = new_gate();
  for (const auto &product : products)
    for (const auto &e : events) {
      const WebhookAnswer answer =
          post(&gate,
               event(std::string(product.name) + e.name,
                     "\"" + std::string(product.key) +
                         R"(":"id","rtms_stream_id":"s","server_urls":"wss://h","stop_reason":6)"));
      fail_unless(answer.status == 200 && answer.event == e.event, "%s%s: %s", product.name, e.name,
                  answer.why.c_str());
      fail_unless(answer.hook.product == product.product && answer.hook.id == "id" &&
                  answer.hook.stream_id == "s");
    }
  for (const char *other : {"meeting.started", "meeting.ended", "meeting.rtms_starte", "", "rtms",
                            "meeting.rtms_concurrency_near_limit"})
    expect_ignored(post(&gate, event(other, R"("rtms_stream_id":"s","server_urls":"wss://h")")),
                   other);
  expect_ignored(post(&gate, "{}"));
  expect_ignored(post(&gate, event("meeting.rtms_started", R"("server_urls":"wss://h")")));
  expect_ignored(post(&gate, event("meeting.rtms_started", R"("rtms_stream_id":"s")")));
  expect_ignored(post(&gate, event("meeting.rtms_stopped", R"("meeting_uuid":"m")")));
}
GST_END_TEST;

// A request has a meaning once. What the service says again, it signs anew.
GST_START_TEST(test_replay) {
  WebhookGate gate = new_gate();
  const std::string start = R"("rtms_stream_id":"s","server_urls":"wss://h")";
  const std::string first = event("meeting.rtms_started", start, 1),
                    second = event("meeting.rtms_started", start, 2);
  const WebhookAnswer told = post(&gate, first);
  fail_unless(told.event == WebhookEvent::Started && !told.repeated);
  expect_ignored(post(&gate, first));
  fail_unless(post(&gate, second).event == WebhookEvent::Started);
  expect_ignored(post(&gate, first));
  const std::string later = "1738392333", signature = sign(first, later);
  WebhookHead request = head(signature);
  request.timestamp = later;
  const WebhookAnswer again = gate.answer(request, first, kNow + 300);
  fail_unless(again.event == WebhookEvent::Started && again.repeated);
  expect_ignored(gate.answer(request, first, kNow + 300));
  // Others in between do not make it forget within a busy day.
  for (int i = 0; i < 4000; i++)
    fail_unless(post(&gate, event("meeting.rtms_stopped", R"("rtms_stream_id":"s")", i)).event ==
                WebhookEvent::Stopped);
  expect_ignored(post(&gate, second));
}
GST_END_TEST;

// What is told of a request holds nothing that opens anything.
GST_START_TEST(test_shows_no_secret) {
  WebhookGate gate = new_gate();
  const std::string body =
      event("meeting.rtms_started",
            R"("rtms_stream_id":"s","server_urls":"wss://h?key=LEAK","signature":"LEAK")");
  const std::string signature = sign(body), stale = sign(body, "1738300000");
  WebhookHead old = head(stale);
  old.timestamp = "1738300000";
  for (const WebhookAnswer &answer :
       {gate.answer(old, body, kNow), gate.answer(head(stale), body, kNow),
        gate.answer(head(signature), body, kNow), gate.answer(head(signature), body, kNow)})
    for (const std::string &text : {answer.why, answer.body})
      for (const std::string &secret :
           {std::string("LEAK"), std::string(kToken), signature.substr(3), stale.substr(3)})
        fail_unless(text.find(secret) == std::string::npos, "%s", text.c_str());
}
GST_END_TEST;

static Suite *webhookgate_suite(void) {
  Suite *suite = suite_create("webhookgate");
  TCase *tc = tcase_create("answers");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_started);
  tcase_add_test(tc, test_validation);
  tcase_add_test(tc, test_validation_is_no_oracle);
  tcase_add_test(tc, test_refused);
  tcase_add_test(tc, test_window);
  tcase_add_test(tc, test_no_token);
  tcase_add_test(tc, test_size);
  tcase_add_test(tc, test_events);
  tcase_add_test(tc, test_replay);
  tcase_add_test(tc, test_shows_no_secret);
  return suite;
}

GST_CHECK_MAIN(webhookgate)

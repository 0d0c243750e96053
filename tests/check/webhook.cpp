// SPDX-License-Identifier: LGPL-2.1-or-later
// The webhook: its three shapes for five products, what may be shown of it, and whether it is
// genuine.
#include "protocol/webhook.h"
#include "protocol/signature.h"

#include <json-glib/json-glib.h>
#include "gst_check.h"

#include <string>
#include <vector>

using namespace rtms;

namespace {

const struct {
  const char *event;
  const char *key;
  Product product;
} kProducts[] = {
    {"meeting.rtms_started", "meeting_uuid", Product::Meeting},
    {"webinar.rtms_started", "meeting_uuid", Product::Webinar},
    {"webinar.rtms_started", "webinar_uuid", Product::Webinar},
    {"session.rtms_started", "session_id", Product::VideoSdk},
    {"contact_center.voice_rtms_started", "engagement_id", Product::ContactCenter},
    {"phone.rtms_started", "call_id", Product::Phone},
};

// The document's body.
const char kBody[] =
    R"({"event":"meeting.rtms_started","event_ts":1738392033699,
 "payload":{"account_id":"acc","object":{"meeting_id":"123","meeting_uuid":"4f\/Zk3+QTm6aa\/8w==","rtms_stream_id":"stream-1",
            "server_urls":"wss:\/\/h.example:443\/s?a=1&b=\u0032","signature":"0123456789abcdef"}}})";

void expect_text(const std::string &got, const std::string &want) {
  fail_unless(got == want, "got '%s', expected '%s'", got.c_str(), want.c_str());
}

Webhook webhook(const std::string &text) {
  WebhookResult result = parse_webhook(text);
  const ParseError *error = std::get_if<ParseError>(&result);
  fail_unless(error == nullptr, "%s: %s", error ? error->what.c_str() : "", text.c_str());
  return std::get<Webhook>(result);
}

std::string object(const std::string &key, const std::string &rest = "") {
  return "{\"x\":[{}]," + rest + "\"" + key +
         R"(":"id\/1+==","rtms_stream_id":"stream-1","server_urls":"wss://h/1","signature":"5ig"})";
}

std::string wrapped(const std::string &event, const std::string &inner, bool nested) {
  const std::string payload = nested ? "{\"account_id\":\"a\",\"object\":" + inner + "}" : inner;
  return "{\"payload\":" + payload + ",\"event_ts\":1,\"event\":\"" + event + "\"}";
}

}  // namespace

GST_START_TEST(test_document_body) {
  Webhook w = webhook(kBody);
  expect_text(w.event, "meeting.rtms_started");
  fail_unless(w.product == Product::Meeting);
  expect_text(w.id, "4f/Zk3+QTm6aa/8w==");
  expect_text(w.meeting_id, "123");
  expect_text(w.stream_id, "stream-1");
  expect_text(w.signaling_url, "wss://h.example:443/s?a=1&b=2");
  expect_text(w.signature, "0123456789abcdef");
}
GST_END_TEST;

GST_START_TEST(test_shapes_and_products) {
  const auto &p = kProducts[__i__];
  for (int shape = 0; shape < 3; shape++) {
    const std::string inner = object(p.key);
    Webhook w = webhook(shape == 0 ? inner : wrapped(p.event, inner, shape == 1));
    expect_text(w.event, shape == 0 ? "" : p.event);
    expect_text(w.id, "id/1+==");
    expect_text(w.stream_id, "stream-1");
    expect_text(w.signaling_url, "wss://h/1");
    expect_text(w.signature, "5ig");
    // Without an event, a webinar under meeting_uuid cannot be told from a meeting.
    if (shape != 0 || std::string(p.event) != "webinar.rtms_started" || p.key[0] == 'w')
      fail_unless(w.product == p.product, "%s as product %d", p.event, (int) w.product);
  }
}
GST_END_TEST;

GST_START_TEST(test_webinar_prefers_meeting_uuid) {
  static const char *inner[] = {
      R"({"webinar_uuid":"w","meeting_uuid":"m","rtms_stream_id":"s","server_urls":"wss://h"})",
      R"({"meeting_uuid":"m","rtms_stream_id":"s","server_urls":"wss://h","webinar_uuid":"w"})"};
  for (const char *text : inner) {
    for (int shape = 0; shape < 3; shape++) {
      Webhook w = webhook(shape == 0 ? text : wrapped("webinar.rtms_started", text, shape == 1));
      expect_text(w.id, "m");
      if (shape != 0)
        fail_unless(w.product == Product::Webinar);
    }
  }
}
GST_END_TEST;

// The event names the product, whatever other ids stand beside its own.
GST_START_TEST(test_event_decides) {
  const std::string both = R"("session_id":"s1","call_id":"c1","engagement_id":"e1",)";
  expect_text(webhook(wrapped("meeting.rtms_started", object("meeting_uuid", both), true)).id,
              "id/1+==");
  static const struct {
    const char *event, *id;
    Product product;
  } cases[] = {{"session.rtms_started", "s1", Product::VideoSdk},
               {"contact_center.voice_rtms_started", "e1", Product::ContactCenter},
               {"phone.rtms_started", "c1", Product::Phone}};
  for (const auto &c : cases) {
    Webhook w = webhook(wrapped(c.event, object("meeting_uuid", both), true));
    fail_unless(w.product == c.product, "%s", c.event);
    expect_text(w.id, c.id);
  }
}
GST_END_TEST;

GST_START_TEST(test_absent_signature_and_url_list) {
  static const struct {
    const char *urls, *want;
  } cases[] = {
      {"wss://a/1", "wss://a/1"},
      {"wss://a/1,wss://b/2", "wss://a/1"},
      {"wss://a/1, wss://b/2", "wss://a/1"},
      {"wss://a/1 ,wss://b/2", "wss://a/1"},
      {" wss://a/1", "wss://a/1"},
      {"wss:\\/\\/a\\/1\\u002cwss://b", "wss://a/1"},
  };
  for (const auto &c : cases) {
    Webhook w = webhook(std::string(R"({"meeting_uuid":"m","rtms_stream_id":"s","server_urls":")") +
                        c.urls + "\"}");
    expect_text(w.signaling_url, c.want);
    expect_text(w.signature, "");
  }
}
GST_END_TEST;

GST_START_TEST(test_malformed) {
  static const char *broken[] = {"", " ", "[]", "1", "null", "\"x\"", "{", "nonsense", "\xff"};
  for (const char *text : broken) {
    fail_unless(std::holds_alternative<ParseError>(parse_webhook(text)), "%s", text);
    redact_webhook(text);
  }
  // What is no UTF-8 must not get into what we send.
  WebhookResult bytes = parse_webhook("{\"meeting_uuid\":\"\xff\"}");
  if (const Webhook *w = std::get_if<Webhook>(&bytes))
    fail_unless(g_utf8_validate(w->id.c_str(), -1, nullptr), "invalid UTF-8 as an id");
  // Objects that name no stream: refused, or nothing made up.
  static const char *empty[] = {"{}", R"({"event":"meeting.rtms_started"})",
                                R"({"event":"meeting.rtms_started","payload":null})",
                                R"({"event":"meeting.rtms_started","payload":{"object":[]}})",
                                R"({"event":"meeting.rtms_started","payload":{}})"};
  for (const char *text : empty) {
    WebhookResult result = parse_webhook(text);
    if (const Webhook *w = std::get_if<Webhook>(&result))
      fail_unless(
          w->id.empty() && w->stream_id.empty() && w->signaling_url.empty() && w->signature.empty(),
          "%s", text);
  }
  fail_unless(std::holds_alternative<ParseError>(parse_webhook({})));

  const std::string body = kBody;
  const Webhook full = webhook(body);
  for (size_t n = 0; n < body.size(); n++) {
    std::vector<char> cut(body.begin(), body.begin() + (std::ptrdiff_t) n);
    WebhookResult result = parse_webhook({cut.data(), cut.size()});
    if (const Webhook *w = std::get_if<Webhook>(&result))
      fail_unless(w->id == full.id && w->stream_id == full.stream_id &&
                      w->signaling_url == full.signaling_url &&
                      (w->signature.empty() || w->signature == full.signature),
                  "half a webhook at %d", (int) n);
  }
}
GST_END_TEST;

GST_START_TEST(test_wrong_types) {
  static const char *values[] = {"null",         "true",    "1",    "-1e400",      "[]",
                                 "{}",           "[\"x\"]", "\"\"", "\"\\ud800\"", "\"a\\u0000b\"",
                                 "{\"a\":[{}]}", "NaN"};
  static const char *keys[] = {"event",          "payload",     "object",   "meeting_uuid",
                               "rtms_stream_id", "server_urls", "signature"};
  const std::string body = kBody;
  for (const char *key : keys) {
    for (const char *value : values) {
      const std::string quoted = std::string("\"") + key + "\":";
      std::string text = body;
      text.insert(text.find(quoted) + quoted.size(), std::string(value) + ",\"was\":");
      WebhookResult result = parse_webhook(text);
      if (const Webhook *w = std::get_if<Webhook>(&result))
        fail_unless(w->signaling_url.empty() || w->signaling_url.rfind("wss://h.example", 0) == 0 ||
                        std::string(key) == "server_urls",
                    "%s", text.c_str());
      redact_webhook(text);
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_deep_nesting) {
  std::string arrays(1000000, '['), objects;
  for (int i = 0; i < 1000000; i++)
    objects += "{\"a\":";
  for (const std::string &deep : {arrays, objects, arrays + std::string(1000000, ']')}) {
    for (const char *head : {"", "{\"payload\":", "{\"payload\":{\"object\":", "{\"signature\":",
                             "{\"meeting_uuid\":\"m\",\"x\":"}) {
      parse_webhook(head + deep);
      redact_webhook(head + deep);
      redact_webhook(head + deep + "}}");
    }
  }
}
GST_END_TEST;

static const struct {
  const char *text;
  bool valid;
} signed_texts[] = {
    {R"({"signature":"LEAKED-0123456789","rtms_stream_id":"kept"})", true},
    {"{\"rtms_stream_id\":\"kept\",\"signature\" \n\t\r :  \n\"LEAKED-0123456789\" }", true},
    {R"({"rtms_stream_id":"kept","signature":"x\"LEAKED-0123456789"})", true},
    {R"({"signature":"\\\"LEAKED\\","rtms_stream_id":"kept"})", true},
    {R"({"signature":"\\","rtms_stream_id":"kept"})", true},
    {R"({"signature":"\u0022,\u0022LEAKED","rtms_stream_id":"kept"})", true},
    {R"({"\u0073ignature":"LEAKED","rtms_stream_id":"kept"})", true},
    {R"({"sign\u0061ture":"LEAKED","rtms_stream_id":"kept"})", true},
    {R"({"payload":{"signature":"LEAKED1","object":{"signature":"LEAKED2","rtms_stream_id":"kept"}},"signature":"LEAKED3"})",
     true},
    {R"({"rtms_stream_id":"kept","x":"signature","signature":"LEAKED"})", true},
    {R"({"rtms_stream_id":"kept","x":"\"signature\":","signature":"LEAKED"})", true},
    {R"({"rtms_stream_id":"kept","x":"signature\\","y":"\\\"","signature":"LEAKED"})", true},
    {R"({"rtms_stream_id":"kept","signature":["LEAKED",{"a":"LEAKED"}],"z":1})", true},
    {R"({"rtms_stream_id":"kept","signature":{"a":"LEAKED","b":["LEAKED"]}})", true},
    {R"([{"rtms_stream_id":"kept"},{"signature":"LEAKED"}])", true},
    {R"({"rtms_stream_id":"kept","list":[{"signature":"LEAKED"}]})", true},
    {"{\"rtms_stream_id\":\"kept\",\"signature\":\"LEAKED", false},
    {"{\"rtms_stream_id\":\"kept\",\"signature\":\"x\\\"LEAKED\\", false},
    {"{\"rtms_stream_id\":\"kept\",\"signature\":LEAKED}", false},
    {"{\"rtms_stream_id\":\"kept\",\"signature\":'LEAKED'}", false},
    {"{\"rtms_stream_id\":\"kept\" \"signature\":\"LEAKED\"", false},
    {"{\"rtms_stream_id\":\"kept\",\"signature\":\"\xff LEAKED\"}", false},
};

GST_START_TEST(test_redact) {
  const auto &c = signed_texts[__i__];
  const std::string shown = redact_webhook(c.text);
  fail_unless(shown.find("LEAKED") == std::string::npos, "leaked: %s", shown.c_str());
  if (c.valid) {
    fail_unless(shown.find("kept") != std::string::npos, "not the same text: %s", shown.c_str());
    JsonNode *node = json_from_string(shown.c_str(), nullptr);
    fail_unless(node != nullptr, "no longer JSON: %s", shown.c_str());
    json_node_unref(node);
  }
}
GST_END_TEST;

GST_START_TEST(test_redact_body) {
  const std::string body = kBody, secret = "0123456789abcdef";
  const std::string shown = redact_webhook(body);
  fail_if(shown.find(secret) != std::string::npos);
  // All else is still there.
  const auto before = std::get<Webhook>(parse_webhook(body));
  const auto after = std::get<Webhook>(parse_webhook(shown));
  expect_text(after.event, before.event);
  expect_text(after.id, before.id);
  expect_text(after.stream_id, before.stream_id);
  expect_text(after.signaling_url, before.signaling_url);
  // Cut anywhere, not even a part of it shows.
  for (size_t n = 0; n <= body.size(); n++)
    fail_unless(redact_webhook(body.substr(0, n)).find("0123") == std::string::npos, "cut at %d",
                (int) n);
  const char plain[] = R"({"meeting_uuid":"m","server_urls":"wss:\/\/h"})";
  expect_text(redact_webhook(plain), plain);
}
GST_END_TEST;

namespace {

// printf '%s' 'v0:1738392033:{"event":"meeting.rtms_started","payload":{}}' |
//   openssl dgst -sha256 -hmac tok3n
const char kSignedBody[] = R"({"event":"meeting.rtms_started","payload":{}})";
const char kSignedHex[] = "b3e2af74a828a96bc64ede91e36d23fa9b66190324edf6712a7bcfd70b93c725";
const int64_t kNow = 1738392033;

bool genuine(const std::string &token, const std::string &signature, const std::string &body) {
  return verify_webhook(Secret(token), "1738392033", signature, body, kNow) ==
         WebhookVerdict::Genuine;
}

}  // namespace

GST_START_TEST(test_verify_signature) {
  const std::string hex = kSignedHex, body = kSignedBody;
  fail_unless(genuine("tok3n", "v0=" + hex, body));
  // printf '%s' 'v0:1738392033:{"event":"session.rtms_started","payload":{"name":"Zoë 🎥"}}' |
  //   openssl dgst -sha256 -hmac tok3n
  fail_unless(genuine("tok3n",
                      "v0=5345e47e72e09e17a6acf5ced89f30222f8c6612000c9020f82155e50fae4d79",
                      R"({"event":"session.rtms_started","payload":{"name":"Zoë 🎥"}})"));
  // printf '%s' 'v0:1738392033:' | openssl dgst -sha256 -hmac tok3n
  fail_unless(
      genuine("tok3n", "v0=ae27d35c8017c6f0990411745560ab9edb0650d6edc8608eea543adaac9034f1", ""));
  for (const char *token : {"tok3", "tok3n ", "Tok3n", ""})
    fail_if(genuine(token, "v0=" + hex, body), "token %s", token);
  fail_if(genuine("tok3n", "v0=" + hex, body + " "));
  fail_if(genuine("tok3n", "v0=" + hex, body.substr(1)));
  fail_if(genuine("tok3n", "v0=" + hex, ""));
  for (size_t n = 0; n < hex.size(); n++) {
    std::string other = hex;
    other[n] = other[n] == '0' ? '1' : '0';
    fail_if(genuine("tok3n", "v0=" + other, body), "differs at %d", (int) n);
    fail_if(genuine("tok3n", "v0=" + hex.substr(0, n), body), "%d long", (int) n);
  }
  for (const std::string &signature :
       {std::string(), std::string("v0="), std::string("v0"), hex, "v1=" + hex, "v0:" + hex,
        "v0=" + hex + "0", "v0=" + hex + " ", " v0=" + hex, "v0=v0=" + hex,
        "v0=" + hex + std::string(1, '\0'), std::string(1000000, 'a')})
    fail_if(genuine("tok3n", signature, body), "%.80s", signature.c_str());
  fail_unless(verify_webhook(Secret(std::string_view("tok3n")), "1738392033", "v0=00", body,
                             kNow) == WebhookVerdict::BadSignature);
}
GST_END_TEST;

GST_START_TEST(test_verify_timestamp) {
  const std::string signature = std::string("v0=") + kSignedHex;
  static const struct {
    int64_t now;
    WebhookVerdict want;
  } cases[] = {
      {kNow + 299, WebhookVerdict::Genuine},      {kNow - 299, WebhookVerdict::Genuine},
      {kNow + 300, WebhookVerdict::Genuine},      {kNow - 300, WebhookVerdict::Genuine},
      {kNow + 301, WebhookVerdict::BadTimestamp}, {kNow - 301, WebhookVerdict::BadTimestamp},
      {0, WebhookVerdict::BadTimestamp},          {INT64_MAX, WebhookVerdict::BadTimestamp},
      {INT64_MIN, WebhookVerdict::BadTimestamp},
  };
  for (const auto &c : cases)
    fail_unless(verify_webhook(Secret(std::string_view("tok3n")), "1738392033", signature,
                               kSignedBody, c.now) == c.want,
                "now %" G_GINT64_FORMAT, c.now);
}
GST_END_TEST;

// Rightly signed, but with a time that is none.
GST_START_TEST(test_verify_garbage_timestamp) {
  for (const char *stamp : {"",
                            " ",
                            "-",
                            "+",
                            "abc",
                            "1738392033x",
                            "x1738392033",
                            "1738392033.5",
                            "1738392033 1",
                            "0x679d6e21",
                            "99999999999999999999",
                            "9223372036854775807",
                            "-9223372036854775808",
                            "-1738392033",
                            "1738392033699",
                            "1e9",
                            "nan",
                            "NaN",
                            "inf",
                            "2025-02-01T06:40:33Z"}) {
    const std::string signature =
        "v0=" + hmac_sha256_hex("tok3n", std::string("v0:") + stamp + ":" + kSignedBody).value();
    for (int64_t now : {kNow, (int64_t) -2})
      fail_unless(verify_webhook(Secret(std::string_view("tok3n")), stamp, signature, kSignedBody,
                                 now) == WebhookVerdict::BadTimestamp,
                  "'%s'", stamp);
  }
}
GST_END_TEST;

// endpoint.url_validation: hex(HMAC-SHA256(secret_token, plainToken)).
// printf '%s' qgg8vlvZRS6UYooatFL8Aw | openssl dgst -sha256 -hmac 'Kp7-webhook_tök/en+=='
GST_START_TEST(test_url_validation) {
  expect_text(hmac_sha256_hex("Kp7-webhook_tök/en+==", "qgg8vlvZRS6UYooatFL8Aw").value(),
              "923a00294ff989e4f925c84abbc12d8f4deb7aab7efa5740c850f363c62fb08e");
}
GST_END_TEST;

static Suite *webhook_suite(void) {
  Suite *suite = suite_create("webhook");
  TCase *tc = tcase_create("parse");
  suite_add_tcase(suite, tc);
  tcase_set_timeout(tc, 120);  // valgrind
  tcase_add_test(tc, test_document_body);
  tcase_add_loop_test(tc, test_shapes_and_products, 0, (int) G_N_ELEMENTS(kProducts));
  tcase_add_test(tc, test_webinar_prefers_meeting_uuid);
  tcase_add_test(tc, test_event_decides);
  tcase_add_test(tc, test_absent_signature_and_url_list);
  tcase_add_test(tc, test_malformed);
  tcase_add_test(tc, test_wrong_types);
  tcase_add_test(tc, test_deep_nesting);
  tc = tcase_create("redact");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_redact, 0, (int) G_N_ELEMENTS(signed_texts));
  tcase_add_test(tc, test_redact_body);
  tc = tcase_create("verify");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_verify_signature);
  tcase_add_test(tc, test_verify_timestamp);
  tcase_add_test(tc, test_verify_garbage_timestamp);
  tcase_add_test(tc, test_url_validation);
  return suite;
}

GST_CHECK_MAIN(webhook)

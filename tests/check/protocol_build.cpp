// SPDX-License-Identifier: LGPL-2.1-or-later
// Requests → JSON, read back with json-glib and held against the document's examples; signatures.
#include "protocol/build.h"
#include "protocol/signature.h"

#include <json-glib/json-glib.h>
#include "gst_check.h"

#include <algorithm>
#include <string>

using namespace rtms;

namespace {

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

  JsonObject *object() const { return json_node_get_object(node); }
  bool has(const char *key) const { return json_object_has_member(object(), key); }
  unsigned size() const { return json_object_get_size(object()); }
  // The member as JSON text, to be compared with what the document shows.
  std::string operator[](const char *key) const {
    if (!has(key))
      return "(missing)";
    char *text = json_to_string(json_object_get_member(object(), key), FALSE);
    std::string copy = text;
    g_free(text);
    return copy;
  }
  std::string text(const char *key) const {
    fail_unless(has(key), "no member %s", key);
    const char *value = json_object_get_string_member(object(), key);
    return value ? value : "(null)";
  }
};

void expect_text(const std::string &got, const std::string &want) {
  fail_unless(got == want, "got '%s', expected '%s'", got.c_str(), want.c_str());
}

void expect_same(const std::string &got, const std::string &want) {
  Json a(got), b(want);
  fail_unless(json_node_equal(a.node, b.node), "got %s, expected %s", got.c_str(), want.c_str());
}

Identity identity(Product product = Product::Meeting) {
  Identity who;
  who.product = product;
  who.id = "4f/Zk3+QTm6aa/8w==";
  who.stream_id = "stream-1";
  who.client_id = "client";
  who.id_signature = "00ff";
  return who;
}

// The parameters of the document's example for message 3.
MediaParams example_params() {
  MediaParams params;
  params.screen.fps = 15;
  return params;
}

const struct {
  Product product;
  const char *key;
} kProducts[] = {{Product::Meeting, "meeting_uuid"},
                 {Product::Webinar, "meeting_uuid"},
                 {Product::VideoSdk, "session_id"},
                 {Product::ContactCenter, "engagement_id"},
                 {Product::Phone, "call_id"}};

}  // namespace

GST_START_TEST(test_wire_mask) {
  for (MediaMask mask = 0; mask < 31; mask++)
    assert_equals_int((int) wire_mask(mask), (int) mask);
  assert_equals_int((int) wire_mask(31), 32);
  assert_equals_int((int) media_bit(Media::Audio), 1);
  assert_equals_int((int) media_bit(Media::Video), 2);
  assert_equals_int((int) media_bit(Media::Screen), 4);
  assert_equals_int((int) media_bit(Media::Transcript), 8);
  assert_equals_int((int) media_bit(Media::Chat), 16);
}
GST_END_TEST;

GST_START_TEST(test_signaling_handshake) {
  for (const auto &p : kProducts) {
    const Identity who = identity(p.product);
    Json json(build_signaling_handshake(who, 11, false, false, 42));
    expect_text(json["msg_type"], "1");
    expect_text(json["protocol_version"], "1");
    expect_text(json["sequence"], "42");
    expect_text(json.text("meeting_uuid"), who.id);
    expect_text(product_id_key(p.product), p.key);
    expect_text(json.text(p.key), who.id);
    expect_text(json.text("rtms_stream_id"), "stream-1");
    expect_text(json.text("stream_id"), "stream-1");
    expect_text(json.text("client_id"), "client");
    expect_text(json.text("signature"), "00ff");
    expect_text(json["buffer_data"], "false");
    expect_text(json["media_type"], "11");
    for (const auto &other : kProducts)
      if (std::string(other.key) != p.key && std::string(other.key) != "meeting_uuid")
        fail_if(json.has(other.key), "%s as well as %s", other.key, p.key);
  }
  Json all(build_signaling_handshake(identity(), kMaskAll, true, true, -1));
  expect_text(all["media_type"], "32");
  Json each(build_signaling_handshake(identity(), kMaskAll, false, true, -1));
  expect_text(each["media_type"], "31");
  expect_text(all["buffer_data"], "true");
}
GST_END_TEST;

GST_START_TEST(test_data_handshake_example) {
  const std::string text = build_data_handshake(identity(), kMaskAll, example_params(), 7);
  Json json(text);
  expect_text(json["msg_type"], "3");
  expect_text(json["protocol_version"], "1");
  expect_text(json["sequence"], "7");
  expect_text(json.text("meeting_uuid"), "4f/Zk3+QTm6aa/8w==");
  expect_text(json.text("rtms_stream_id"), "stream-1");
  expect_text(json.text("signature"), "00ff");
  expect_text(json["media_type"], "32");
  expect_text(json["payload_encryption"], "false");
  expect_same(json["media_params"], R"({
  "audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20},
  "video":{"content_type":3,"codec":7,"resolution":2,"fps":25,"data_opt":3},
  "deskshare":{"content_type":3,"codec":7,"resolution":2,"fps":15},
  "transcript":{"content_type":5,"src_language":9,"enable_lid":false},
  "chat":{"content_type":5}})");
  for (const auto &p : kProducts) {
    Json product(build_data_handshake(identity(p.product), 1, example_params(), 7));
    expect_text(product.text("meeting_uuid"), "4f/Zk3+QTm6aa/8w==");
    expect_text(product.text(p.key), "4f/Zk3+QTm6aa/8w==");
  }
}
GST_END_TEST;

// Only the params of the types in the mask.
GST_START_TEST(test_data_handshake_mask) {
  const MediaMask mask = (MediaMask) __i__;
  Json json(build_data_handshake(identity(), mask, example_params(), 7));
  expect_text(json["media_type"], std::to_string(mask == 31 ? 32 : mask));
  Json params(json["media_params"]);
  static const char *keys[] = {"audio", "video", "deskshare", "transcript", "chat"};
  unsigned wanted = 0;
  for (int i = 0; i < 5; i++) {
    const bool want = (mask & (1u << i)) != 0;
    wanted += want;
    fail_unless(params.has(keys[i]) == want, "%s with mask %u", keys[i], mask);
    expect_text(media_wire_key(kAllMedia[i]), keys[i]);
  }
  assert_equals_int((int) params.size(), (int) wanted);
}
GST_END_TEST;

GST_START_TEST(test_data_handshake_params) {
  MediaParams p;
  p.audio = {ContentType::Rtp, Codec::Opus, 48000, 2, DataOpt::AudioMulti, 40};
  p.video = {ContentType::RawVideo, Codec::Jpeg, Resolution::Qhd, 5, DataOpt::VideoIndividual};
  p.screen = {ContentType::RawVideo, Codec::Png, Resolution::Sd, 1, DataOpt::VideoActiveSpeaker};
  p.transcript = {-1, true};
  Json json(build_data_handshake(identity(), 15, p, 1));
  expect_same(json["media_params"], R"({
  "audio":{"content_type":1,"sample_rate":3,"channel":2,"codec":4,"data_opt":2,"send_rate":40},
  "video":{"content_type":3,"codec":5,"resolution":4,"fps":5,"data_opt":4},
  "deskshare":{"content_type":3,"codec":6,"resolution":1,"fps":1},
  "transcript":{"content_type":5,"src_language":-1,"enable_lid":true}})");
}
GST_END_TEST;

GST_START_TEST(test_sample_rate_index) {
  static const int rates[] = {8000, 16000, 32000, 48000};
  for (int i = 0; i < 4; i++) {
    MediaParams p;
    p.audio.rate_hz = rates[i];
    Json json(build_data_handshake(identity(), 1, p, 1));
    Json params(json["media_params"]);
    expect_text(Json(params["audio"])["sample_rate"], std::to_string(i));
    assert_equals_int(sample_rate_from_index(i).value_or(-1), rates[i]);
    assert_equals_int(sample_rate_to_index(rates[i]).value_or(-1), i);
  }
  for (int64_t index : {(int64_t) -1, (int64_t) 4, INT64_MAX, INT64_MIN})
    fail_if(sample_rate_from_index(index).has_value());
  for (int hz : {0, 1, -8000, 44100, 24000})
    fail_if(sample_rate_to_index(hz).has_value());
}
GST_END_TEST;

// Never subscribe to 1 or 7.
GST_START_TEST(test_event_subscription) {
  expect_same(build_event_subscription({2}),
              R"({"msg_type":5,"events":[{"event_type":2,"subscribe":true}]})");
  expect_same(build_event_subscription({3, 4}), R"({"msg_type":5,"events":[
      {"event_type":3,"subscribe":true},{"event_type":4,"subscribe":true}]})");
  for (const auto &p : kProducts) {
    std::vector<int> events = subscribable_events(p.product);
    fail_if(events.empty());
    std::sort(events.begin(), events.end());
    fail_unless(std::adjacent_find(events.begin(), events.end()) == events.end(), "a double");
    for (int never : {-1, 0, 1, 7})
      fail_if(std::binary_search(events.begin(), events.end(), never), "event %d", never);
  }
  for (Product product : {Product::Meeting, Product::Webinar, Product::VideoSdk}) {
    const std::vector<int> events = subscribable_events(product);
    for (int type : {2, 3, 4, 5, 6, 8, 9})
      fail_unless(std::count(events.begin(), events.end(), type) == 1, "event %d", type);
  }
  for (Product product : {Product::Meeting, Product::Webinar}) {  // chat groups
    const std::vector<int> events = subscribable_events(product);
    for (int type = 10; type <= 14; type++)
      fail_unless(std::count(events.begin(), events.end(), type) == 1, "event %d", type);
  }
  const std::vector<int> voice = subscribable_events(Product::ContactCenter);
  for (int type = 8; type <= 29; type++)
    fail_unless(std::count(voice.begin(), voice.end(), type) == 1, "voice event %d", type);
}
GST_END_TEST;

// The builder itself is the last guard: asking for 1 or 7 is an error on the server.
GST_START_TEST(test_event_subscription_unasked) {
  expect_same(build_event_subscription({1, 2, 7}),
              R"({"msg_type":5,"events":[{"event_type":2,"subscribe":true}]})");
}
GST_END_TEST;

GST_START_TEST(test_small_requests) {
  Json ready(build_client_ready(identity()));
  expect_text(ready["msg_type"], "7");
  expect_text(ready.text("rtms_stream_id"), "stream-1");
  expect_same(build_stream_close(identity()), R"({"msg_type":21,"rtms_stream_id":"stream-1"})");
  expect_same(build_video_subscription(16778240, true, 1738392033699),
              R"({"msg_type":28,"user_id":16778240,"subscribe":true,"timestamp":1738392033699})");
  expect_same(build_video_subscription(INT64_MAX, false, 0),
              R"({"msg_type":28,"user_id":9223372036854775807,"subscribe":false,"timestamp":0})");
  expect_same(build_keep_alive_response("1738392033699"),
              R"({"msg_type":13,"timestamp":1738392033699})");
}
GST_END_TEST;

// A user id has 64 bits: what goes out is what came in, never a negative number.
GST_START_TEST(test_large_user_id) {
  const std::string text = build_video_subscription(G_MAXINT64, true, 0);
  fail_unless(text.find("9223372036854775807") != std::string::npos, "%s", text.c_str());
}
GST_END_TEST;

// Strings that came from a webhook go out escaped.
GST_START_TEST(test_escaping) {
  Identity who = identity(Product::Phone);
  who.id = "a\"b\\c/d\n\t\x01é🎥\x7f";
  who.stream_id = "\",\"msg_type\":99,\"x\":\"";
  who.client_id = "\\";
  for (const std::string &text : {build_signaling_handshake(who, 1, false, false, 1),
                                  build_data_handshake(who, 1, MediaParams(), 1)}) {
    Json json(text);
    expect_text(json.text("meeting_uuid"), who.id);
    expect_text(json.text("call_id"), who.id);
    expect_text(json.text("rtms_stream_id"), who.stream_id);
    fail_if(json.has("x"));
  }
  expect_text(Json(build_stream_close(who)).text("rtms_stream_id"), who.stream_id);
}
GST_END_TEST;

// Each made with: printf '%s' 'CLIENT_ID,ID,STREAM_ID' | openssl dgst -sha256 -hmac SECRET
static const struct {
  const char *secret, *client_id, *id, *stream_id, *hex;
} signatures[] = {
    // printf '%s' 'abc,uuid==,stream-1' | openssl dgst -sha256 -hmac s3cr3t
    {"s3cr3t", "abc", "uuid==", "stream-1",
     "b553166d6b3982457fad44891583e1f4f0727a1ea0ddb291da64b0b57a0fccce"},
    // printf '%s' 'client,4f/Zk3+QTm6aa/8w==,s/1+2==' | openssl dgst -sha256 -hmac 'S3cr3t/Key+=='
    {"S3cr3t/Key+==", "client", "4f/Zk3+QTm6aa/8w==", "s/1+2==",
     "657ed188fec4a78c4a77c612c860d98dab453584b5b9dd0f80e9172aee427ee6"},
    // printf '%s' 'clïent-ä,會議-uuid-🎥==,strëam' | openssl dgst -sha256 -hmac 'gehëim-ключ'
    {"gehëim-ключ", "clïent-ä", "會議-uuid-🎥==", "strëam",
     "9cc3ae217de35879c21c4bb4e722fb8833555a811085611a35b5939f59b6f4d9"},
    // printf '%s' ',,' | openssl dgst -sha256 -hmac k
    {"k", "", "", "", "3ef58813ffa7ac3f6b4f120639cc1383bcb36abc16acf54252ba379095e79cc0"},
    // A key longer than the hash's block. printf '%s'
    // 'SDKKEY123,session_abc-DEF.42,26c5e1f0a1e84e0cb9d1b8f0d3c1a7b2' | openssl dgst -sha256 -hmac
    // 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
     "SDKKEY123", "session_abc-DEF.42", "26c5e1f0a1e84e0cb9d1b8f0d3c1a7b2",
     "1ba48b493591d33aad650a4dca21105b1e97c272a796c20841986541fcc04315"},
    // printf '%s' 'a,b,c,d' | openssl dgst -sha256 -hmac s3cr3t
    {"s3cr3t", "a", "b,c", "d", "a7807412c503849f2f2a27f8d9305db74b59c3dd13d4d8a8099f416295cc9a82"},
};

GST_START_TEST(test_signature) {
  const auto &v = signatures[__i__];
  Secret secret{std::string_view(v.secret)};
  expect_text(handshake_signature(secret, v.client_id, v.id, v.stream_id).value(), v.hex);
  Secret copy = secret, assigned;
  assigned = copy;
  expect_text(handshake_signature(assigned, v.client_id, v.id, v.stream_id).value(), v.hex);
  const std::string message = std::string(v.client_id) + "," + v.id + "," + v.stream_id;
  expect_text(hmac_sha256_hex(v.secret, message).value(), v.hex);
}
GST_END_TEST;

static Suite *protocol_build_suite(void) {
  Suite *suite = suite_create("protocol_build");
  TCase *tc = tcase_create("build");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_wire_mask);
  tcase_add_test(tc, test_signaling_handshake);
  tcase_add_test(tc, test_data_handshake_example);
  tcase_add_loop_test(tc, test_data_handshake_mask, 1, 32);
  tcase_add_test(tc, test_data_handshake_params);
  tcase_add_test(tc, test_sample_rate_index);
  tcase_add_test(tc, test_event_subscription);
  tcase_add_test(tc, test_event_subscription_unasked);
  tcase_add_test(tc, test_small_requests);
  tcase_add_test(tc, test_large_user_id);
  tcase_add_test(tc, test_escaping);
  tcase_add_loop_test(tc, test_signature, 0, (int) G_N_ELEMENTS(signatures));
  return suite;
}

GST_CHECK_MAIN(protocol_build)

// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens where OpenSSL fails: nothing is signed, no request is genuine, no connection is
// made. Each call of OpenSSL that can fail does so here, and so does a whole OpenSSL whose
// configuration asks for a FIPS provider that is not there.
#include "protocol/signature.h"
#include "protocol/webhookgate.h"
#include "run/identity.h"
#include "transport/websocket.h"
#include "webhook/listener.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "gst_check.h"

#include <cstring>
#include <string>
#include <variant>

using namespace rtms;

namespace {

enum class Mac { Right, Fails, Empty, Wrong } mac = Mac::Right;
bool random_fails = false;

template <typename F>
F *real(const char *name) {
  return reinterpret_cast<F *>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// They take the place of the library's, as the first of their name that the linker finds.
extern "C" unsigned char *EVP_Q_mac(OSSL_LIB_CTX *context, const char *name, const char *query,
                                    const char *algorithm, const OSSL_PARAM *parameters,
                                    const void *key, size_t key_size, const unsigned char *data,
                                    size_t size, unsigned char *out, size_t out_size,
                                    size_t *out_length) {
  if (mac == Mac::Fails)
    return nullptr;
  if (mac == Mac::Empty) {
    *out_length = 0;
    return out;
  }
  unsigned char *digest =
      real<decltype(EVP_Q_mac)>("EVP_Q_mac")(context, name, query, algorithm, parameters, key,
                                             key_size, data, size, out, out_size, out_length);
  if (mac == Mac::Wrong)
    std::memset(out, 0, out_size);
  return digest;
}

extern "C" int RAND_bytes(unsigned char *bytes, int size) {
  return random_fails ? 0 : real<decltype(RAND_bytes)>("RAND_bytes")(bytes, size);
}

namespace {

constexpr char kToken[] = "tok3n", kStamp[] = "1738392033";
constexpr int64_t kNow_s = 1738392033;
constexpr char kStarted[] =
    R"({"event":"meeting.rtms_started","event_ts":1,"payload":{"object":{"meeting_uuid":"m","rtms_stream_id":"s","server_urls":"wss://h/s"}}})";
constexpr char kValidation[] =
    R"({"event":"endpoint.url_validation","payload":{"plainToken":"t"},"event_ts":1})";

// What OpenSSL lacks in a test, by its number.
void break_openssl(int how) {
  mac = how == 0 ? Mac::Fails : how == 1 ? Mac::Empty : Mac::Right;
  if (how == 2)
    fail_unless(EVP_set_default_properties(nullptr, "fips=yes") == 1);
}

WebhookHead head_with(const std::string &signature) {
  WebhookHead head;
  head.method = "POST";
  head.path = "/webhook";
  head.timestamp = kStamp;
  head.signature = signature;
  return head;
}

// The right one, made while OpenSSL works.
std::string sign(const std::string &body) {
  const auto digest = hmac_sha256_hex(kToken, std::string("v0:") + kStamp + ":" + body);
  fail_unless(digest.has_value());
  return "v0=" + *digest;
}

}  // namespace

GST_START_TEST(test_no_signature_is_genuine) {
  const std::string right = sign(kStarted);
  break_openssl(__i__);
  for (const std::string &signature : {right, std::string("v0="), std::string("v0"), std::string()})
    fail_unless(verify_webhook(Secret(std::string_view(kToken)), kStamp, signature, kStarted,
                               kNow_s) == WebhookVerdict::Unverifiable,
                "signature '%s'", signature.c_str());
}
GST_END_TEST;

GST_START_TEST(test_gate_answers_503) {
  WebhookGate gate("/webhook", Secret(std::string_view(kToken)));
  const std::string started = sign(kStarted), validation = sign(kValidation);
  break_openssl(__i__);
  for (const std::string &signature : {started, std::string("v0=")}) {
    const WebhookAnswer answer = gate.answer(head_with(signature), kStarted, kNow_s);
    fail_unless(answer.status == 503 && answer.event == WebhookEvent::Other, "%u", answer.status);
  }
  fail_unless_equals_int(gate.answer(head_with(validation), kValidation, kNow_s).status, 503);
}
GST_END_TEST;

// The service sends it again: what could not be verified is not remembered as seen.
GST_START_TEST(test_repeated_request_is_taken_later) {
  WebhookGate gate("/webhook", Secret(std::string_view(kToken)));
  const std::string started = sign(kStarted);
  mac = Mac::Fails;
  gate.answer(head_with(started), kStarted, kNow_s);
  mac = Mac::Right;
  const WebhookAnswer answer = gate.answer(head_with(started), kStarted, kNow_s);
  fail_unless(answer.status == 200 && answer.event == WebhookEvent::Started && !answer.repeated);
}
GST_END_TEST;

GST_START_TEST(test_handshake_is_refused) {
  Settings settings;
  settings.client_id = "client";
  settings.client_secret = Secret(std::string_view("secret"));
  Webhook hook = std::get<Webhook>(parse_webhook(kStarted));
  SessionConfig config;
  break_openssl(__i__);
  const auto problem = fill_identity(settings, hook, &config);
  fail_unless(problem.has_value());
  fail_unless(problem->text.find("OpenSSL") != std::string::npos, "%s", problem->text.c_str());
  fail_unless(config.who.signature().empty());
}
GST_END_TEST;

GST_START_TEST(test_listener_does_not_start) {
  ListenConfig config;
  config.url = "http://127.0.0.1:0/webhook";
  config.secret_token = Secret(std::string_view(kToken));
  if (__i__ < 3)
    break_openssl(__i__);
  else
    mac = Mac::Wrong;
  const auto opened = WebhookListener::open(config);
  auto error = std::get_if<ListenError>(&opened);
  fail_unless(error && error->text.find("OpenSSL") != std::string::npos);
}
GST_END_TEST;

namespace {

struct Closing final : TransportListener {
  std::string text;
  void transport_opened() override { text = "opened"; }
  void transport_message(std::string_view) override {}
  void transport_closed(const TransportClose &why) override { text = why.text; }
};

}  // namespace

GST_START_TEST(test_no_connection_without_random_numbers) {
  WebSocketFactory factory({}, std::make_shared<unsigned>());
  Closing closing;
  random_fails = true;
  auto transport = factory.create(&closing);
  transport->open("ws://127.0.0.1:1/", {});
  fail_unless(closing.text == "OpenSSL has no random numbers", "%s", closing.text.c_str());
}
GST_END_TEST;

GST_START_TEST(test_works) {
  fail_unless(signatures_work());
  fail_unless(hmac_sha256_hex("", "").has_value());
}
GST_END_TEST;

static Suite *openssl_faults_suite() {
  Suite *suite = suite_create("openssl_faults");
  TCase *tc = tcase_create("faults");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_works);
  tcase_add_loop_test(tc, test_no_signature_is_genuine, 0, 3);
  tcase_add_loop_test(tc, test_gate_answers_503, 0, 3);
  tcase_add_test(tc, test_repeated_request_is_taken_later);
  tcase_add_loop_test(tc, test_handshake_is_refused, 0, 3);
  tcase_add_loop_test(tc, test_listener_does_not_start, 0, 4);
  tcase_add_test(tc, test_no_connection_without_random_numbers);
  return suite;
}

GST_CHECK_MAIN(openssl_faults);

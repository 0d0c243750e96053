// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP server behind a webhook's URL, with raw requests.
#include "listening.h"
#include "recording.h"
#include "tls.h"

namespace {

using namespace rtmscheck;
using rtms::ListenConfig;
using rtms::ListenError;
using rtms::WebhookEvent;
using rtms::WebhookListener;
using rtms::WebhookNotice;

void expect_status(const HttpAnswer &answer, int status, const char *what = "") {
  ck_assert_msg(answer.status == status, "%s: %d %s %s", what, answer.status, answer.head.c_str(),
                answer.body.c_str());
  ck_assert_msg(contains(answer.head, "application/json"), "%s", answer.head.c_str());
}

std::string started(int64_t event_ts = 1) {
  return stream_event("meeting.rtms_started", "stream-1", event_ts);
}

// It still serves, and nothing was told before.
void expect_serving(Listening *listening, const std::string &ca_file = "") {
  const auto before = listening->notices();
  ck_assert_uint_eq(before.size(), 0);
  expect_status(post_signed(listening->url(), started(99), ca_file), 200);
  ck_assert(listening->wait_notices(1));
}

}  // namespace

GST_START_TEST(test_answers) {
  Listening listening;
  const std::string url = listening.url(), body = started();
  ck_assert_msg(g_str_has_prefix(url.c_str(), "http://127.0.0.1:") && !contains(url, ":0/"), "%s",
                url.c_str());
  HttpAnswer answer = post_signed(url, kChallenge);
  expect_status(answer, 200);
  expect_text(answer.body, R"({"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":")"
                           "65430742af15eda8c9b9c773dfec69da707aab38f285498a2530376e5b1bb5e3\"}");
  expect_status(post(url, {}, body), 401, "unsigned");
  expect_status(post(url, signed_headers(body, 0, "guessed"), body), 401, "forged");
  expect_status(post(url, signed_headers(body, 301), body), 401, "stale");
  expect_status(post(url, signed_headers(body, -400), body), 401, "early");
  Headers twice = signed_headers(body);
  twice.push_back(twice[1]);
  expect_status(post(url, twice, body), 401, "two signatures");
  expect_status(post_signed(url + "/x", body), 404, "path");
  expect_status(post_signed(url.substr(0, url.rfind('/')) + "/", body), 404, "root");
  expect_status(post_signed(url, "nonsense"), 400, "no JSON");
  for (const char *method : {"GET", "PUT", "DELETE", "PATCH"}) {
    HttpClient client(url);
    client.send(request_text(method, "/webhook", signed_headers(body), body));
    answer = client.read();
    expect_status(answer, 405, method);
    ck_assert_msg(contains(answer.head, "Allow: POST"), "%s", answer.head.c_str());
  }
  expect_status(post_signed(url + "?from=zoom", body), 200, "query");
  ck_assert(listening.wait_notices(1));
  expect_status(post_signed(url, body), 200, "again");
  expect_status(post_signed(url, stream_event("meeting.rtms_stopped", "stream-1", 2)), 200);
  ck_assert(listening.wait_notices(2));
  const auto notices = listening.notices();
  ck_assert_uint_eq(notices.size(), 2);
  ck_assert(notices[0].event == WebhookEvent::Started && notices[1].event == WebhookEvent::Stopped);
  expect_text(notices[0].json, body);
  expect_text(notices[0].hook.stream_id, "stream-1");
}
GST_END_TEST;

// The service takes a slow answer for a failure: whoever acts on the webhook does so afterwards.
GST_START_TEST(test_answers_first) {
  std::mutex guard;
  std::condition_variable changed;
  bool answered = false, in_time = false;
  Listening listening(config_for(), [&] {
    std::unique_lock<std::mutex> lock(guard);
    in_time =
        changed.wait_for(lock, std::chrono::milliseconds(kDeadlineMs), [&] { return answered; });
  });
  HttpClient client(listening.url());
  client.send(request_text("POST", "/webhook", signed_headers(started()), started()));
  expect_status(client.read(), 200);
  {
    std::lock_guard<std::mutex> lock(guard);
    answered = true;
    changed.notify_all();
  }
  listening.run([] {});
  ck_assert(listening.wait_notices(1));
  listening.run([] {});
  ck_assert(in_time);
}
GST_END_TEST;

GST_START_TEST(test_too_large) {
  Listening listening;
  const std::string large(1048577, 'x');
  expect_status(post_signed(listening.url(), large), 413, "told");
  // A client that asks first has nothing to send in vain.
  HttpClient polite(listening.url());
  Headers headers = signed_headers(large);
  headers.emplace_back("Expect", "100-continue");
  std::string text = request_text("POST", "/webhook", headers, large);
  polite.send(text.substr(0, text.size() - large.size()));
  expect_status(polite.read(), 413, "asked");
  // There is an end to what is read in vain.
  HttpClient endless(listening.url());
  endless.send("POST /webhook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  bool open = true;
  for (int i = 0; i < 1024 && open; i++)
    open = endless.send("10000\r\n" + std::string(65536, 'x') + "\r\n");
  ck_assert(!open);
  expect_serving(&listening);
}
GST_END_TEST;

GST_START_TEST(test_odd_requests) {
  ListenConfig config = config_for();
  config.client_timeout_ms = static_cast<unsigned>(1000 * slowness());
  Listening listening(config);
  const std::string body = started();
  const auto answer_to = [&](const std::string &text) {
    HttpClient client(listening.url());
    client.send(text);
    return client.read().status;
  };
  ck_assert_int_eq(answer_to("nonsense\r\n\r\n"), 400);
  const std::string post = "POST /webhook HTTP/1.1\r\nHost: h\r\n";
  ck_assert_int_eq(answer_to("POST /webhook HTTP/1.1\r\n\r\n"), 401);
  ck_assert_int_eq(answer_to(post + "Content-Length: -1\r\n\r\n"), 400);
  ck_assert_int_eq(answer_to(post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"), 400);
  ck_assert_int_eq(answer_to(post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 411);
  ck_assert_int_eq(answer_to(post + "Transfer-Encoding: other\r\n\r\n"), 501);
  ck_assert_int_eq(answer_to("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), 404);
  ck_assert_int_eq(answer_to("POST /a/../webhook/x HTTP/1.1\r\nHost: h\r\n\r\n"), 404);
  ck_assert_int_eq(answer_to("POST https://h/webhook HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), 401);
  ck_assert_int_eq(answer_to("POST /webhook HTTP/1.1\r\nX: " + std::string(200000, 'x')), 431);
  ck_assert_int_eq(answer_to("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  // One request is what a connection is for.
  HttpClient two(listening.url());
  const std::string text = request_text("POST", "/nowhere", signed_headers(body), body);
  two.send(text + text);
  const HttpAnswer answer = two.read();
  expect_status(answer, 404);
  ck_assert(!contains(answer.body, "HTTP/1.1"));
  expect_serving(&listening);
}
GST_END_TEST;

GST_START_TEST(test_slow_clients) {
  ListenConfig config = config_for();
  config.client_timeout_ms = static_cast<unsigned>(300 * slowness());
  Listening listening(config);
  const std::string text = request_text("POST", "/webhook", signed_headers(started()), started());
  const std::string parts[] = {"", "POST /web", text.substr(0, text.size() - 1)};
  for (const std::string &part : parts) {
    HttpClient client(listening.url());
    client.send(part);
    ck_assert_msg(client.ended(kDeadlineMs), "after '%s'", part.c_str());
  }
  // A byte now and then does not buy more time.
  HttpClient dripping(listening.url());
  const int64_t start = g_get_monotonic_time();
  bool open = true;
  for (std::size_t i = 0; open && i < text.size() - 1; i++) {
    dripping.send(text.substr(i, 1));
    open = !dripping.ended(20);
  }
  ck_assert(!open && g_get_monotonic_time() - start < kDeadlineMs * int64_t{1000});
  ck_assert_uint_eq(listening.notices().size(), 0);
  // It still serves; a machine that stands still is as slow as those.
  int status = 0;
  for (int tries = 0; status != 200 && tries < 3; tries++)
    status = post_signed(listening.url(), started()).status;
  ck_assert_int_eq(status, 200);
  ck_assert(listening.wait_notices(1));
}
GST_END_TEST;

// Who holds connections open keeps nobody else out.
GST_START_TEST(test_many_clients) {
  ListenConfig config = config_for();
  config.most_places = 30;
  config.client_timeout_ms = 10 * kDeadlineMs;  // it is not what ends them
  Listening listening(config);
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (size_t i = 0; i < 2 * config.most_places; i++)
    idle.push_back(std::make_unique<HttpClient>(listening.url()));
  expect_serving(&listening);
  // Who was answered leaves by itself. The others keep their places.
  ck_assert(listening.wait_connections(config.most_places - 1));
  ck_assert(!listening.wait_connections(config.most_places / 2, 0));
  idle.clear();
  ck_assert(listening.wait_connections(0));
}
GST_END_TEST;

GST_START_TEST(test_tls) {
  const SelfSigned made = make_self_signed(), other = make_self_signed();
  TemporaryDirectory directory;
  const auto write = [&](const char *name, const std::string &text) {
    g_file_set_contents(directory.file(name).c_str(), text.c_str(), -1, nullptr);
    return directory.file(name);
  };
  const std::string ca = write("cert.pem", made.certificate), key = write("key.pem", made.key);
  const std::string both = write("both.pem", made.certificate + made.key);
  for (bool together : {false, true}) {
    ListenConfig config = config_for("https://localhost:0/webhook");
    config.certificate_file = together ? both : ca;
    config.key_file = together ? "" : key;
    Listening listening(config);
    ck_assert_msg(g_str_has_prefix(listening.url().c_str(), "https://127.0.0.1:"), "%s",
                  listening.url().c_str());
    HttpClient silent(listening.url());
    HttpClient plain(listening.url());
    plain.send(request_text("POST", "/webhook", signed_headers(started()), started()));
    ck_assert(plain.ended(kDeadlineMs));
    expect_status(post(listening.url(), {}, started(), ca), 401);
    expect_serving(&listening, ca);
  }
  // Closing does not wait for a handshake that never comes: Listening sees to it.
}
GST_END_TEST;

// The certificate is replaced first, then its key: the earlier ones are used in between.
GST_START_TEST(test_renewed) {
  const SelfSigned old = make_self_signed(), renewed = make_self_signed();
  TemporaryDirectory directory;
  const auto write = [&](const char *name, const std::string &text) {
    g_file_set_contents(directory.file(name).c_str(), text.c_str(), -1, nullptr);
    return directory.file(name);
  };
  const std::string old_ca = write("old.pem", old.certificate),
                    renewed_ca = write("renewed.pem", renewed.certificate);
  ListenConfig config = config_for("https://127.0.0.1:0/webhook");
  config.certificate_file = write("cert.pem", old.certificate);
  config.key_file = write("key.pem", old.key);
  Listening listening(config);
  ck_assert(is_trusted(listening.url(), old_ca));
  write("cert.pem", renewed.certificate);
  const int64_t looked_us = g_get_monotonic_time() + 1500000;
  while (g_get_monotonic_time() < looked_us)
    ck_assert(is_trusted(listening.url(), old_ca));
  write("key.pem", renewed.key);
  const int64_t deadline_us = g_get_monotonic_time() + kDeadlineMs * int64_t{1000};
  while (!is_trusted(listening.url(), renewed_ca))
    ck_assert(g_get_monotonic_time() < deadline_us);
  expect_serving(&listening, renewed_ca);
}
GST_END_TEST;

GST_START_TEST(test_cannot_listen) {
  Listening taken;
  TemporaryDirectory directory;
  const std::string garbage = directory.file("garbage.pem");
  g_file_set_contents(garbage.c_str(), "garbage", -1, nullptr);
  const struct {
    const char *url, *certificate, *words;
  } cases[] = {{"", "", "http://"},
               {"127.0.0.1:8080", "", "http://"},
               {"ftp://127.0.0.1/x", "", "http://"},
               {"http://", "", "address"},
               {"http://hooks.example/webhook", "", "localhost"},
               {"http://user:LEAK@127.0.0.1:0/webhook", "", "more than"},
               {"http://127.0.0.1:0/webhook?x=1", "", "more than"},
               {"http://127.0.0.1:0/webhook#x", "", "more than"},
               {"http://127.0.0.1:99999/webhook", "", "http://"},
               {"http://192.0.2.1:0/webhook", "", "listen"},
               {taken.url().c_str(), "", "in use"},
               {"https://127.0.0.1:0/webhook", "", "certificate"},
               {"http://127.0.0.1:0/webhook", garbage.c_str(), "https://"},
               {"https://127.0.0.1:0/webhook", garbage.c_str(), "PEM"},
               {"https://127.0.0.1:0/webhook", "/nowhere.pem", "/nowhere.pem"}};
  for (const auto &c : cases) {
    ListenConfig config = config_for(c.url);
    config.certificate_file = c.certificate;
    auto result = WebhookListener::open(config);
    auto error = std::get_if<ListenError>(&result);
    ck_assert_msg(error != nullptr, "'%s'", c.url);
    ck_assert_msg(contains(error->text, c.words), "%s", error->text.c_str());
    ck_assert_msg(!contains(error->text, "LEAK"), "%s", error->text.c_str());
  }
  ListenConfig config = config_for();
  config.secret_token = rtms::Secret();
  auto result = WebhookListener::open(config);
  ck_assert(std::holds_alternative<ListenError>(result));
}
GST_END_TEST;

GST_START_TEST(test_addresses) {
  for (const char *url : {"http://[::1]:0/a/b", "http://0.0.0.0:0/", "http://localhost:0"}) {
    Listening listening(config_for(url));
    const std::string reached =
        "http://127.0.0.1" + listening.url().substr(listening.url().rfind(':'));
    const bool v6 = contains(url, "[");
    if (v6)
      ck_assert_msg(g_str_has_prefix(listening.url().c_str(), "http://[::1]:"), "%s",
                    listening.url().c_str());
    ck_assert_msg(!contains(listening.url(), ":0/"), "%s", listening.url().c_str());
    expect_status(post_signed(v6 ? listening.url() : reached, started()), 200, url);
  }
}
GST_END_TEST;

// Requests name it as it is encoded; what is not ASCII, clients encode.
GST_START_TEST(test_encoded_path) {
  for (const char *path : {"/zoom%20hook", "/k%2Dey", "/w\u00e9bhook", "/a;b=c,d~(e)!"}) {
    Listening listening(config_for(std::string("http://127.0.0.1:0") + path));
    ck_assert_msg(!contains(listening.url(), "\u00e9"), "%s", listening.url().c_str());
    expect_status(post_signed(listening.url(), started()), 200, path);
  }
  // Two spellings of one path.
  Listening listening(config_for("http://127.0.0.1:0/w%c3%a9b~hook"));
  HttpClient client(listening.url());
  client.send(request_text("POST", "/w%C3%A9b%7Ehook", signed_headers(started()), started()));
  expect_status(client.read(), 200);
}
GST_END_TEST;

GST_START_TEST(test_destroyed_by_its_handler) {
  Listening *self = nullptr;
  Listening listening(config_for(), [&] { self->destroy(); });
  self = &listening;
  HttpClient idle(listening.url());
  expect_status(post_signed(listening.url(), started()), 200);
  ck_assert(listening.wait_notices(1));
  ck_assert(idle.ended(kDeadlineMs));
}
GST_END_TEST;

static Suite *webhook_listener_suite(void) {
  Suite *suite = suite_create("webhook_listener");
  TCase *tc = tcase_create("listener");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_answers);
  tcase_add_test(tc, test_answers_first);
  tcase_add_test(tc, test_too_large);
  tcase_add_test(tc, test_odd_requests);
  tcase_add_test(tc, test_slow_clients);
  tcase_add_test(tc, test_many_clients);
  tcase_add_test(tc, test_tls);
  tcase_add_test(tc, test_renewed);
  tcase_add_test(tc, test_cannot_listen);
  tcase_add_test(tc, test_addresses);
  tcase_add_test(tc, test_encoded_path);
  tcase_add_test(tc, test_destroyed_by_its_handler);
  return suite;
}

GST_CHECK_MAIN(webhook_listener)

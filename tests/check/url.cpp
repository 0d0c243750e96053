// SPDX-License-Identifier: LGPL-2.1-or-later
// Which URLs are allowed, and that no text ever shows what may be a token.
#include "transport/url.h"
#include "protocol/shorten.h"
#include "protocol/types.h"
#include "session/error.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

namespace {

void expect_contains(const std::string &text, const std::string &part) {
  fail_unless(text.find(part) != std::string::npos, "'%s' does not say '%s'", text.c_str(),
              part.c_str());
}

void expect_no_secret(const std::string &text) {
  for (const char *secret : {"s3cr3t", "passw0rd", "t0ken"})
    fail_unless(text.find(secret) == std::string::npos, "'%s' shows %s", text.c_str(), secret);
}

const char kTokens[] = "wss://us3r:passw0rd@h.example:8443/a/b?token=s3cr3t&x=t0ken#t0ken";

}  // namespace

static const char *const allowed[] = {
    "wss://h.example",
    "wss://h.example/",
    "wss://h.example:443/s?a=1&b=2",
    "wss://h.example:65535/s",
    "WSS://H.example/s",
    "wss://203.0.113.9/s",
    "wss://[2001:db8::1]:8443/s",
    "ws://localhost",
    "ws://localhost:9000/s?token=t0ken",
    "ws://LocalHost/s",
    "WS://LOCALHOST:1/s",
    "ws://127.0.0.1",
    "ws://127.0.0.1:9000/",
    "ws://127.255.255.254:9000/",
    "ws://127.1.2.3/",
    "ws://[::1]",
    "ws://[::1]:9000/s",
};

GST_START_TEST(test_allowed) {
  for (bool insecure : {false, true}) {
    std::optional<std::string> problem = url_problem(allowed[__i__], insecure);
    fail_if(problem.has_value(), "%s: %s", allowed[__i__], problem ? problem->c_str() : "");
  }
}
GST_END_TEST;

// ws:// to another machine, however much its URL looks like this one.
static const char *const insecure[] = {
    "ws://h.example/s",
    "WS://h.example/s",
    "ws://203.0.113.9/",
    "ws://128.0.0.1/",
    "ws://126.255.255.255/",
    "ws://0.0.0.0/",
    "ws://[::]/",
    "ws://[::2]/",
    "ws://[2001:db8::1]/",
    "ws://localhost.example/",
    "ws://localhost.example:9000/",
    "ws://notlocalhost/",
    "ws://local/",
    "ws://127.0.0.1.example/",
    "ws://127.example/",
    "ws://127.0.0.1x/",
    "ws://1127.0.0.1/",
    "ws://localhost@h.example/",
    "ws://localhost:80@h.example/",
    "ws://127.0.0.1@h.example/",
    "ws://h.example/localhost",
    "ws://h.example?@localhost/",
    "ws://h.example#@localhost/",
    "ws://h.example/@localhost/",
};

GST_START_TEST(test_insecure) {
  std::optional<std::string> problem = url_problem(insecure[__i__], false);
  fail_unless(problem.has_value(), "%s is allowed", insecure[__i__]);
  expect_contains(*problem, "allow-insecure");
  problem = url_problem(insecure[__i__], true);
  fail_if(problem.has_value(), "%s: %s", insecure[__i__], problem ? problem->c_str() : "");
}
GST_END_TEST;

static const char *const refused[] = {
    "",
    " ",
    "h.example",
    "h.example:443/s?token=t0ken",
    "//h.example/s",
    "wss",
    "wss:",
    "wss:h.example",
    "wss:/h.example",
    "wss://",
    "wss:///s",
    "wss://:443/",
    "ws://",
    "ws://?token=s3cr3t",
    "http://h.example/?token=t0ken",
    "https://us3r:passw0rd@h.example/",
    "file:///etc/passwd",
    "rtmp://localhost/",
    "wsss://h.example/",
    "wss://h.example:99999/",
    "wss://h.example:65536/",
    "wss://h.example:port/",
    "wss://h.example:-1/",
    "wss://[::1/",
    "wss://h.ex ample/?token=t0ken",
    "wss://h.example\r\nX-Evil: 1/",
};

GST_START_TEST(test_refused) {
  for (bool insecure_too : {false, true}) {
    std::optional<std::string> problem = url_problem(refused[__i__], insecure_too);
    fail_unless(problem.has_value(), "'%s' is allowed", refused[__i__]);
    fail_if(problem->empty());
    expect_no_secret(*problem);
  }
}
GST_END_TEST;

static const struct {
  const char *url, *printable;
} printables[] = {
    {"wss://h.example:8443/a/b", "wss://h.example:8443/a/b"},
    {"wss://h.example/a?token=s3cr3t", "wss://h.example/a"},
    {"wss://h.example/a#t0ken", "wss://h.example/a"},
    {"wss://h.example?token=s3cr3t", "wss://h.example"},
    {kTokens, "wss://h.example:8443/a/b"},
    {"ws://us3r@127.0.0.1:9/x?", "ws://127.0.0.1:9/x"},
    {"ws://[::1]:9/x?t0ken", "ws://[::1]:9/x"},
    {"ws://h.example/%C2%9B31m%E2%80%A8x", "ws://h.example/ 31m x"},
};

GST_START_TEST(test_printable) {
  std::string got = printable_url(printables[__i__].url);
  if (!got.empty() && got.back() == '/')  // of an empty path
    got.pop_back();
  assert_equals_string(got.c_str(), printables[__i__].printable);
}
GST_END_TEST;

static const char *const garbage[] = {
    "",
    "?token=s3cr3t",
    "h.example/?token=s3cr3t",
    "us3r:passw0rd@h.example/s",
    "wss://?s3cr3t",
    "wss://h.ex ample/?token=s3cr3t",
    "wss://us3r:passw0rd@h.ex ample/",
    "wss://h:99999/?s3cr3t",
    "wss://us3r:passw0rd@",
    "wss://[::1/?s3cr3t",
    "wss://h/%zz?s3cr3t",
    "wss://h/\xff?s3cr3t",
    "wss://us3r:passw0rd@h@i/?s3cr3t#t0ken",
};

// What is no URL may hold a token all the same.
GST_START_TEST(test_printable_garbage) {
  expect_no_secret(printable_url(garbage[__i__]));
}
GST_END_TEST;

GST_START_TEST(test_length) {
  const std::string longest = "wss://h.example/" + std::string(1 << 20, 'a') + "?token=s3cr3t";
  url_problem(longest, false);
  expect_no_secret(printable_url(longest));
  const std::string query = "wss://h.example/a?" + std::string(1 << 20, 'q');
  fail_unless(printable_url(query) == "wss://h.example/a");
  fail_unless(url_problem("ws://" + std::string(1 << 20, 'h') + ".example/", false).has_value());
  fail_unless(url_problem("ws://127.0.0.1" + std::string(1 << 16, '1') + "/", false).has_value());
}
GST_END_TEST;

// Each text names the connection and the host, and nothing that is secret.
GST_START_TEST(test_advice) {
  for (bool connected : {false, true}) {
    const std::string text = timeout_error("media (audio)", kTokens, connected, 12345).text;
    expect_contains(text, "media (audio)");
    expect_contains(text, "h.example");
    expect_contains(text, "12");
    expect_no_secret(text);
  }
  const std::string text = silence_error("signaling", kTokens, 35000).text;
  expect_contains(text, "signaling");
  expect_contains(text, "35");
  expect_no_secret(text);
}
GST_END_TEST;

GST_START_TEST(test_transport_advice) {
  using Kind = TransportClose::Kind;
  static const struct {
    Kind kind;
    int code;
    const char *says;
  } closes[] = {
      {Kind::Closed, 1000, "1000"},
      {Kind::Closed, 0, ""},
      {Kind::Resolve, 0, "h.example"},
      {Kind::Refused, 0, ""},
      {Kind::Tls, 0, "TLS"},
      {Kind::Http, 401, "401"},
      {Kind::Http, 403, "403"},
      {Kind::Http, 404, "404"},
      {Kind::Http, 503, "503"},
      {Kind::Redirect, 302, "302"},
      {Kind::TooLarge, 0, "max-message-size"},
      {Kind::Io, 0, "pipe burst"},
  };
  for (const auto &c : closes) {
    const std::string text =
        transport_error("signaling", kTokens, {c.kind, c.code, "pipe burst\x1b]0;x\a\n"}).text;
    fail_if(has_controls(text), "%s", text.c_str());
    expect_contains(text, c.says);
    expect_contains(text, "ignaling");
    expect_no_secret(text);
  }
}
GST_END_TEST;

// The server's own code, its name, and what to check.
GST_START_TEST(test_status_advice) {
  for (int status = 1; status <= 48; status++) {
    const std::string text = status_error("signaling", status, "the reason given").text;
    expect_contains(text, std::to_string(status));
    if (status < 48)
      expect_contains(text, status_name(status));
    expect_contains(text, "the reason given");
  }
  expect_contains(status_error("signaling", 3, "").text, "INVALID_SIGNATURE");
  expect_contains(status_error("signaling", 3, "").text, "client-secret");
  fail_if(status_error("x", INT64_MIN, "").text.empty());
}
GST_END_TEST;

static Suite *url_suite(void) {
  Suite *suite = suite_create("url");
  TCase *tc = tcase_create("url");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_allowed, 0, (int) G_N_ELEMENTS(allowed));
  tcase_add_loop_test(tc, test_insecure, 0, (int) G_N_ELEMENTS(insecure));
  tcase_add_loop_test(tc, test_refused, 0, (int) G_N_ELEMENTS(refused));
  tcase_add_loop_test(tc, test_printable, 0, (int) G_N_ELEMENTS(printables));
  tcase_add_loop_test(tc, test_printable_garbage, 0, (int) G_N_ELEMENTS(garbage));
  tcase_add_test(tc, test_length);
  tc = tcase_create("advice");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_advice);
  tcase_add_test(tc, test_transport_advice);
  tcase_add_test(tc, test_status_advice);
  return suite;
}

GST_CHECK_MAIN(url)

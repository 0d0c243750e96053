// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP upgrade, from RFC 6455.
#include "transport/upgrade.h"

#include "base/glibptr.h"

#include "gst_check.h"

#include <string>

using namespace rtms;
using Kind = TransportClose::Kind;

namespace {

// The example of section 1.3.
constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr char kAccept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

UriPtr uri_of(const char *url) {
  UriPtr uri(g_uri_parse(url, G_URI_FLAGS_ENCODED, nullptr));
  ck_assert_msg(uri != nullptr, "%s", url);
  return uri;
}

std::string answer(const std::string &status, const std::string &headers) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "\r\n";
}

std::string good_headers() {
  return std::string("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ") +
         kAccept + "\r\n";
}

std::string without(std::string text, const std::string &part, const std::string &instead) {
  const size_t at = text.find(part);
  ck_assert(at != std::string::npos);
  return text.replace(at, part.size(), instead);
}

void expect_refusal(const std::string &text, Kind kind, int code) {
  const auto refusal = upgrade_refusal(text, kKey);
  ck_assert_msg(refusal.has_value(), "accepted: %s", text.c_str());
  ck_assert_msg(refusal->kind == kind && refusal->code == code, "%s", text.c_str());
  ck_assert(kind == Kind::Redirect || !refusal->text.empty());
}

}  // namespace

GST_START_TEST(test_request) {
  const auto request = upgrade_request(uri_of("wss://h.example/a%20b?x=1&y=%2F").get(), kKey,
                                       "agent/1", {{"X-One", "1"}});
  ck_assert(request.has_value());
  ck_assert_str_eq(request->c_str(),
                   "GET /a%20b?x=1&y=%2F HTTP/1.1\r\nHost: h.example\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Version: 13\r\nX-One: 1\r\nUser-Agent: agent/1\r\n\r\n");
}
GST_END_TEST;

GST_START_TEST(test_hosts) {
  const struct {
    const char *url, *host;
    int port;
  } cases[] = {
      {"ws://h.example/", "h.example", 80},
      {"wss://h.example/", "h.example", 443},
      {"wss://h.example:443/", "h.example", 443},
      {"wss://h.example:80/", "h.example:80", 80},
      {"ws://127.0.0.1:9000", "127.0.0.1:9000", 9000},
      {"wss://[2001:db8::1]/s", "[2001:db8::1]", 443},
      {"ws://[::1]:81/s", "[::1]:81", 81},
  };
  for (auto &one : cases) {
    UriPtr uri = uri_of(one.url);
    ck_assert(host_and_port(uri.get()) == one.host);
    ck_assert_int_eq(port_of(uri.get()), one.port);
    const auto request = upgrade_request(uri.get(), kKey, "", {});
    ck_assert(request->find(std::string("\r\nHost: ") + one.host + "\r\n") != std::string::npos);
    ck_assert(request->find("User-Agent") == std::string::npos);
  }
  ck_assert(upgrade_request(uri_of("ws://h.example").get(), kKey, "", {})->rfind("GET / ", 0) == 0);
}
GST_END_TEST;

// Nothing that a property or the server gives can add lines of its own.
GST_START_TEST(test_injection) {
  UriPtr uri = uri_of("ws://h.example/");
  ck_assert(!upgrade_request(uri.get(), kKey, "a\r\nX: y", {}));
  ck_assert(!upgrade_request(uri.get(), kKey, "", {{"X", "1\n2"}}));
  ck_assert(!upgrade_request(uri.get(), kKey, "", {{"X:\r\nY", "1"}}));
}
GST_END_TEST;

GST_START_TEST(test_accept) {
  ck_assert(upgrade_accept(kKey) == kAccept);
  const std::string good = answer("101 Switching Protocols", good_headers());
  ck_assert(!upgrade_refusal(good, kKey));
  ck_assert_uint_eq(*upgrade_answer_size(good + "frames"), good.size());
  ck_assert(!upgrade_answer_size(good.substr(0, good.size() - 1)));
  ck_assert(!upgrade_answer_size("HTTP/1.1 101 OK\r\nX: " + std::string(17000, 'x') + "\r\n\r\n"));
  // Names and tokens in any case, a list in Connection.
  ck_assert(
      !upgrade_refusal(answer("101", without(without(good_headers(), "websocket", "WebSocket"),
                                             ": Upgrade\r\nSec", ": keep-alive, upGRADE\r\nSEC")),
                       kKey));
}
GST_END_TEST;

// Some servers say first that they are at work, and some have nothing to say in a header.
GST_START_TEST(test_tolerance) {
  ck_assert(is_interim_answer(answer("100 Continue", "")));
  ck_assert(is_interim_answer(answer("103 Early Hints", "Link: </x>\r\n")));
  for (const char *status : {"101 Switching Protocols", "200 OK", "10 x", "1000 x", "1"})
    ck_assert(!is_interim_answer(answer(status, "")));
  ck_assert(!is_interim_answer("SSH-2.0-100\r\n\r\n"));
  ck_assert(!upgrade_refusal(answer("101 OK", good_headers() + "Sec-WebSocket-Extensions: \r\n" +
                                                  "Sec-WebSocket-Protocol:\r\n"),
                             kKey));
}
GST_END_TEST;

GST_START_TEST(test_refusals) {
  expect_refusal(answer("200 OK", "Content-Length: 0\r\n"), Kind::Http, 200);
  expect_refusal(answer("401 Unauthorized", ""), Kind::Http, 401);
  expect_refusal(answer("503", ""), Kind::Http, 503);
  for (const char *status : {"301 Moved", "302 Found", "303 See", "307 There", "308 Gone"}) {
    const std::string text = answer(status, "Location: wss://other.example/x\r\n");
    expect_refusal(text, Kind::Redirect, atoi(status));
    ck_assert(upgrade_refusal(text, kKey)->text == "wss://other.example/x");
    expect_refusal(answer(status, ""), Kind::Redirect, atoi(status));
  }
  for (const char *text : {"\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1\r\n\r\n",
                           "HTTP/1.1 x\r\n\r\n", "RTSP/1.0 101 OK\r\n\r\n"})
    expect_refusal(text, Kind::Protocol, 0);
  expect_refusal(std::string("HTTP/1.1 1\0001 OK\r\n\r\n", 20), Kind::Protocol, 0);
}
GST_END_TEST;

// Status 101 alone makes no WebSocket.
GST_START_TEST(test_false_upgrades) {
  const std::string good = answer("101 Switching Protocols", good_headers());
  const std::string bad[] = {
      answer("101 Switching Protocols", ""),
      without(good, "Upgrade: websocket\r\n", ""),
      without(good, "Upgrade: websocket\r\n", "Upgrade: h2c\r\n"),
      without(good, "Connection: Upgrade\r\n", ""),
      without(good, "Connection: Upgrade\r\n", "Connection: close\r\n"),
      without(good, kAccept, upgrade_accept("another key")),
      without(good, std::string("Sec-WebSocket-Accept: ") + kAccept + "\r\n", ""),
      without(good, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
      without(good, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
  };
  for (const std::string &text : bad)
    expect_refusal(text, Kind::Protocol, 0);
}
GST_END_TEST;

static Suite *upgrade_suite() {
  Suite *suite = suite_create("upgrade");
  TCase *tcase = tcase_create("upgrade");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_request);
  tcase_add_test(tcase, test_hosts);
  tcase_add_test(tcase, test_injection);
  tcase_add_test(tcase, test_accept);
  tcase_add_test(tcase, test_tolerance);
  tcase_add_test(tcase, test_refusals);
  tcase_add_test(tcase, test_false_upgrades);
  return suite;
}

GST_CHECK_MAIN(upgrade)

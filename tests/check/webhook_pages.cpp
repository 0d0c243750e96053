// SPDX-License-Identifier: LGPL-2.1-or-later
// Pages beside a webhook's URL: they are for anybody, and change nothing for the webhook.
#include "listening.h"

namespace {

using namespace rtmscheck;
using rtms::WebhookPage;

// With another path.
std::string at(const Listening &listening, const std::string &path) {
  return listening.url().substr(0, listening.url().rfind('/')) + path;
}

HttpAnswer request(const Listening &listening, const char *method, const char *path) {
  HttpClient client(at(listening, path));
  client.send(request_text(method, path, {}, ""));
  return client.read();
}

std::optional<WebhookPage> pages(std::string_view path) {
  if (path == "/healthz")
    return WebhookPage{503, "text/plain", "not well"};
  return std::nullopt;
}

}  // namespace

GST_START_TEST(test_pages) {
  Listening listening(config_for(), nullptr, pages);
  const HttpAnswer answer = request(listening, "GET", "/healthz");
  ck_assert_int_eq(answer.status, 503);
  expect_text(answer.body, "not well");
  ck_assert_msg(contains(answer.head, "text/plain") && contains(answer.head, "Connection: close"),
                "%s", answer.head.c_str());
  ck_assert_int_eq(request(listening, "GET", "/metrics").status, 404);
  ck_assert_int_eq(request(listening, "POST", "/healthz").status, 404);
  ck_assert_int_eq(request(listening, "GET", "/webhook").status, 405);
  ck_assert_int_eq(post(listening.url(), {}, kChallenge).status, 401);
  ck_assert_int_eq(post_signed(listening.url(), kChallenge).status, 200);
}
GST_END_TEST;

static Suite *webhook_pages_suite() {
  Suite *suite = suite_create("webhook_pages");
  TCase *tc = tcase_create("pages");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_pages);
  return suite;
}

GST_CHECK_MAIN(webhook_pages)

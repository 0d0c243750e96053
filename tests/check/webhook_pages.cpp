// SPDX-License-Identifier: LGPL-2.1-or-later
// Pages beside a webhook's URL: they are for anybody, and change nothing for the webhook.
#include "base/loopthread.h"
#include "webhook/listener.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;
using rtms::ListenConfig;
using rtms::WebhookListener;
using rtms::WebhookPage;

class Listening {
 public:
  explicit Listening(WebhookListener::Pages pages) : thread_("listener") {
    ListenConfig config;
    config.url = "http://127.0.0.1:0/webhook";
    config.secret_token = rtms::Secret(std::string_view(kWebhookToken));
    auto opened = WebhookListener::open(config);
    listener_ = std::get<std::unique_ptr<WebhookListener>>(std::move(opened));
    listener_->set_pages(std::move(pages));
    thread_.post([this] {
      listener_->start(nullptr, thread_.operations(), [](const rtms::WebhookNotice &) {});
    });
  }
  ~Listening() {
    thread_.post([this] { listener_.reset(); });
    thread_.flush();
  }
  // With another path.
  std::string url(const std::string &path) const {
    const std::string &url = listener_->url();
    return url.substr(0, url.rfind('/')) + path;
  }

 private:
  rtms::LoopThread thread_;
  std::unique_ptr<WebhookListener> listener_;
};

HttpAnswer request(const Listening &listening, const char *method, const char *path) {
  HttpClient client(listening.url(path));
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
  Listening listening(pages);
  const HttpAnswer answer = request(listening, "GET", "/healthz");
  ck_assert_int_eq(answer.status, 503);
  expect_text(answer.body, "not well");
  ck_assert_msg(contains(answer.head, "text/plain") && contains(answer.head, "Connection: close"),
                "%s", answer.head.c_str());
  ck_assert_int_eq(request(listening, "GET", "/metrics").status, 404);
  ck_assert_int_eq(request(listening, "POST", "/healthz").status, 404);
  ck_assert_int_eq(request(listening, "GET", "/webhook").status, 405);
  ck_assert_int_eq(post(listening.url("/webhook"), {}, kChallenge).status, 401);
  ck_assert_int_eq(post_signed(listening.url("/webhook"), kChallenge).status, 200);
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

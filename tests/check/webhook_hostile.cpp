// SPDX-License-Identifier: LGPL-2.1-or-later
// Attacks on the port of a webhook, without a signature: meanwhile each genuine webhook is answered
// within a second, and memory stays where it was.
#include "attacks.h"
#include "listening.h"
#include "recording.h"
#include "tls.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace rtmscheck;

constexpr int kGenuine = 10;
constexpr int64_t kSecond_us = G_USEC_PER_SEC;
constexpr int64_t kMaxGrowth = 24 << 20;  // of this process, which is the clients', too

// What the allocator holds, in use or kept. Of an emulator's process that is not most of the
// memory.
int64_t heap_bytes() {
  const auto info = mallinfo2();
  return static_cast<int64_t>(info.arena + info.hblkhd);
}

std::optional<rtms::WebhookPage> pages(std::string_view path) {
  if (path == "/metrics")
    return rtms::WebhookPage{200, "text/plain", std::string(7000, 'x')};
  return std::nullopt;
}

void expect_genuine(const std::string &url, int number, const char *attack,
                    const std::string &ca_file = "") {
  const Awake awake;
  const int status =
      post_signed(url, stream_event("meeting.rtms_started", "s", number), ca_file).status;
  ck_assert_msg(status == 200, "%s: genuine webhook %d: %d", attack, number, status);
  expect_prompt(attack, awake, 1000);
}

}  // namespace

GST_START_TEST(test_attack) {
  const Attack &attack = kAttacks[__i__];
  Listening listening(config_for(), nullptr, pages);
  expect_genuine(listening.url(), 0, attack.name);
  const int64_t before = heap_bytes();
  {
    Attacker attacker(attack, listening.url());
    const int64_t end = g_get_monotonic_time() + kSecond_us;
    int number = 1;
    for (; number <= kGenuine || g_get_monotonic_time() < end; number++)
      expect_genuine(listening.url(), number, attack.name);
    while (attacker.connections() < 20)
      expect_genuine(listening.url(), number++, attack.name);
  }
  const int64_t growth = heap_bytes() - before;
  ck_assert_msg(growth < kMaxGrowth, "%s: %" G_GINT64_FORMAT " bytes more", attack.name, growth);
  ck_assert(listening.wait_connections(0));
}
GST_END_TEST;

// Whoever connects by TCP and says nothing of TLS costs no thread and keeps nobody out.
GST_START_TEST(test_bare_tls) {
  const SelfSigned made = make_self_signed();
  TemporaryDirectory directory;
  const std::string both = directory.file("both.pem");
  g_file_set_contents(both.c_str(), (made.certificate + made.key).c_str(), -1, nullptr);
  rtms::ListenConfig config = config_for("https://127.0.0.1:0/webhook");
  config.certificate_file = both;
  Listening listening(config);
  const Attack bare = {"bare TLS connections", 2500, [] { return std::string(); }, false};
  const std::string plain = "http" + listening.url().substr(5);
  Attacker attacker(bare, plain);
  for (int number = 1; number <= kGenuine || attacker.connections() < 400; number++)
    expect_genuine(listening.url(), number, bare.name, both);
}
GST_END_TEST;

// Without a free descriptor the thread goes on; it serves again as soon as there is one.
GST_START_TEST(test_no_descriptors) {
  Listening listening;
  expect_genuine(listening.url(), 0, "before");
  std::vector<std::unique_ptr<HttpClient>> waiting;
  for (int i = 0; i < 4; i++)
    waiting.push_back(std::make_unique<HttpClient>(listening.url()));
  listening.run([] {});
  rlimit limit, none;
  getrlimit(RLIMIT_NOFILE, &limit);
  HttpClient client(listening.url());
  listening.run([] {});
  none = limit;
  const int next = dup(0);
  close(next);
  none.rlim_cur = static_cast<rlim_t>(next + 1);
  // The client's own descriptor is the last one that is free.
  setrlimit(RLIMIT_NOFILE, &none);
  HttpClient late(listening.url());
  late.send(request_text("POST", "/webhook", signed_headers(kChallenge), kChallenge));
  rusage begin, end;
  getrusage(RUSAGE_SELF, &begin);
  ck_assert(!late.ended(500));
  getrusage(RUSAGE_SELF, &end);
  const auto ms = [](const timeval &time) { return time.tv_sec * 1000 + time.tv_usec / 1000; };
  const auto used = ms(end.ru_utime) + ms(end.ru_stime) - ms(begin.ru_utime) - ms(begin.ru_stime);
  ck_assert_msg(used < 100, "%ld ms of CPU in 500 ms", static_cast<long>(used));
  setrlimit(RLIMIT_NOFILE, &limit);
  ck_assert_int_eq(late.read().status, 200);
}
GST_END_TEST;

static Suite *webhook_hostile_suite(void) {
  Suite *suite = suite_create("webhook_hostile");
  TCase *tc = tcase_create("hostile");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_attack, 0, G_N_ELEMENTS(kAttacks));
  tcase_add_test(tc, test_bare_tls);
  tcase_add_test(tc, test_no_descriptors);
  return suite;
}

GST_CHECK_MAIN(webhook_hostile)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections that the test server loses or stalls, and what it sends afterwards.
#include "server_texts.h"

using namespace rtmscheck;

namespace {

constexpr int64_t kFromMs = 300, kToMs = 900;  // of the outage
constexpr int64_t kPacketMs = 20, kFirst = 1738392033000;

int64_t now_ms() {
  return g_get_monotonic_time() / 1000;
}

// Endless in the time of a test.
Config live_service() {
  constexpr int kPackets = 3000;
  Config config = service_config();
  config.end = End::Nothing;
  auto source = std::make_shared<ListSource>();
  for (int i = 0; i < kPackets; i++)
    source->add(item(Media::Audio, kFirst + i * kPacketMs, "x"));
  for (int i = 0; i < 3; i++)
    source->add(item(Media::Transcript, kFirst + i, "line " + std::to_string(i)));
  config.source = source;
  return config;
}

std::vector<int64_t> numbers(Client &client) {
  std::vector<int64_t> found;
  for (const std::string &text : client.messages()) {
    const auto at = text.find("\"timestamp\":");
    if (Client::type_of(text) == 14 && at != std::string::npos)
      found.push_back((g_ascii_strtoll(text.c_str() + at + 12, nullptr, 10) - kFirst) / kPacketMs);
  }
  return found;
}

void expect_in_order(const std::vector<int64_t> &numbers, int64_t first) {
  for (std::size_t i = 0; i < numbers.size(); i++)
    ck_assert_msg(numbers[i] == first + static_cast<int64_t>(i), "%d instead of %d at %d",
                  static_cast<int>(numbers[i]), static_cast<int>(first + static_cast<int64_t>(i)),
                  static_cast<int>(i));
}

// A client of one medium, and what it got before and after an outage.
struct Outlived {
  explicit Outlived(const Config &config, const char *media = "media/audio",
                    Where lost = Media::Audio)
      : fixture(config),
        path(media),
        request(path == "media/transcript" ? data_hello(8, kTranscript) : data_hello(1, kAudio)) {
    connect();
    start_ms = now_ms();
    ck_assert(lost ? before->closed() : signaling->closed());
    wait_for_end(lost ? fixture.url(path) : fixture.server.signaling_url());
    before_numbers = numbers(*before);
    reconnect(lost);
  }

  void connect() {
    signaling = std::make_unique<Client>(fixture.server.signaling_url());
    ck_assert(has_status(signaling->ask(kHello, 2), 0));
    before = shake();
  }
  void wait_for_end(const std::string &url) {
    for (;; refusals++) {
      Client probe(url);
      if (probe.connected())
        return;
      ck_assert_uint_eq(probe.http_status(), 503);
    }
  }
  void reconnect(Where lost) {
    if (!lost) {
      ck_assert(before->closed());
      signaling = std::make_unique<Client>(fixture.server.signaling_url());
      ck_assert(has_status(signaling->ask(kHello, 2), 0));
    }
    after = shake();
    back_ms = now_ms();
  }
  std::unique_ptr<Client> shake() {
    auto media = std::make_unique<Client>(fixture.url(path));
    ck_assert(has_status(media->ask(request, 4), 0));
    signaling->send(kReady);
    return media;
  }
  // Until the packet of that moment came; how long that took.
  int64_t wait_for(int64_t position_ms) {
    ck_assert(wait_until([&] {
      const auto all = numbers(*after);
      return !all.empty() && all.back() * kPacketMs >= position_ms;
    }));
    return now_ms() - back_ms;
  }

  Fixture fixture;
  std::string path, request;
  std::unique_ptr<Client> signaling, before, after;
  std::vector<int64_t> before_numbers;
  int refusals = 0;
  int64_t start_ms = 0, back_ms = 0;
};

Config outage_of(Where where) {
  Config config = live_service();
  config.outages = {{where, kFromMs, kToMs}};
  return config;
}

}  // namespace

GST_START_TEST(test_no_replay) {
  Outlived client(outage_of(Media::Audio));
  ck_assert_int_gt(client.refusals, 0);
  client.wait_for(kToMs + 200);
  const auto before = client.before_numbers, after = numbers(*client.after);
  expect_in_order(before, 0);
  ck_assert_int_ge(after.front() * kPacketMs, kToMs - kPacketMs);
  expect_in_order(after, after.front());
}
GST_END_TEST;

GST_START_TEST(test_replay_at_once) {
  const struct {
    Where lost;
    const char *path;
  } rows[] = {{Media::Audio, "media/audio"}, {Media::Audio, "media/all"}, {Signaling, "media/all"}};
  for (const auto &row : rows) {
    Config config = outage_of(row.lost);
    config.replay.audio = true;
    Outlived client(config, row.path, row.lost);
    client.wait_for(kToMs + 100);
    expect_in_order(client.before_numbers, 0);
    expect_in_order(numbers(*client.after), client.before_numbers.back() + 1);
  }
}
GST_END_TEST;

GST_START_TEST(test_replay_faster) {
  Config config = outage_of(Media::Audio);
  config.replay.audio = true;
  config.replay.speed = 3;
  Outlived client(config);
  // It is behind by more than 500 ms, so the packet of kToMs comes no earlier than a third of that
  // later.
  const int64_t took_ms = client.wait_for(kToMs - kPacketMs);
  ck_assert_msg(took_ms >= 150, "%d ms", static_cast<int>(took_ms));
  client.wait_for(kToMs + 1000);
  expect_in_order(numbers(*client.after), client.before_numbers.back() + 1);
}
GST_END_TEST;

GST_START_TEST(test_replay_limit) {
  Config config = outage_of(Media::Audio);
  config.replay.audio = true;
  config.replay.limit_ms = 200;
  Outlived client(config);
  client.wait_for(kToMs + 100);
  const auto after = numbers(*client.after);
  ck_assert_int_ge(after.front() * kPacketMs, kToMs - config.replay.limit_ms - kPacketMs);
  ck_assert_int_le(after.front() * kPacketMs, now_ms() - client.start_ms);
  expect_in_order(after, after.front());
}
GST_END_TEST;

GST_START_TEST(test_repeated_lines) {
  Config config = outage_of(Media::Transcript);
  config.replay.transcript_lines = 2;
  Outlived client(config, "media/transcript", Media::Transcript);
  ck_assert(contains(client.after->next(17), "line 1"));
  ck_assert(contains(client.after->next(17), "line 2"));
}
GST_END_TEST;

// Nothing comes, nothing is read, and nothing is lost by it.
GST_START_TEST(test_stall) {
  Config config = live_service();
  config.strict = true;
  config.keep_alive_ms = 100;
  for (const Where where : {Signaling, Where(Media::Audio)}) {
    config.script.push_back({kFromMs, where, "", Action::Stall});
    config.script.push_back({kToMs, where, "", Action::Resume});
  }
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/audio"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(has_status(media.ask(data_hello(1, kAudio), 4), 0));
  signaling.send(kReady);
  int64_t longest_ms = 0, last_ms = now_ms();
  std::size_t packets = 0, answered = 0;
  auto observe = [&] {
    for (; signaling.count(12) > answered; answered++)
      signaling.send(replaced(signaling.next(12), "\"msg_type\":12", "\"msg_type\":13"));
    if (media.count(14) == packets)
      return false;
    packets = media.count(14);
    longest_ms = std::max(longest_ms, now_ms() - last_ms);
    last_ms = now_ms();
    return static_cast<int64_t>(packets) * kPacketMs > kToMs + 300;
  };
  ck_assert(wait_until(observe));
  expect_in_order(numbers(media), 0);
  ck_assert_int_ge(longest_ms, (kToMs - kFromMs) / 2);
  ck_assert_uint_gt(answered, 0);
  fixture.expect_no_violations();
}
GST_END_TEST;

static Suite *server_losses_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server_losses");
  TCase *tc = tcase_create("server_losses");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_no_replay);
  tcase_add_test(tc, test_replay_at_once);
  tcase_add_test(tc, test_replay_faster);
  tcase_add_test(tc, test_replay_limit);
  tcase_add_test(tc, test_repeated_lines);
  tcase_add_test(tc, test_stall);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(server_losses)

// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes wrong is told once, clearly, in time, and never keeps the element from stopping.
#include <ctime>

#include "failures.h"

namespace {

using namespace rtmscheck;

// Bad values are refused at the change to PAUSED, before anything is sent.
struct BadSetting {
  std::vector<std::pair<const char *, const char *>> properties;
  const char *named;  // the property that the text must name
};
const BadSetting kBadSettings[] = {
    {{{"audio-rate", "44100"}}, "audio-rate"},
    {{{"audio-rate", "0"}}, "audio-rate"},
    {{{"audio-channels", "3"}}, "audio-channels"},
    {{{"audio-channels", "0"}}, "audio-channels"},
    {{{"audio-packet-duration", "0"}}, "audio-packet-duration"},
    {{{"audio-packet-duration", "30"}}, "audio-packet-duration"},
    {{{"audio-packet-duration", "1020"}}, "audio-packet-duration"},
    {{{"audio-codec", "opus"}}, "audio-rate|audio-codec"},
    {{{"audio-codec", "opus"}, {"audio-rate", "48000"}, {"audio-packet-duration", "40"}},
     "audio-packet-duration"},
    {{{"audio-codec", "g711"}}, "audio-rate|audio-codec"},
    {{{"audio-codec", "g711"}, {"audio-rate", "8000"}, {"audio-channels", "2"}}, "audio-channels"},
    {{{"audio-codec", "g722"}, {"audio-rate", "8000"}}, "audio-rate|audio-codec"},
    {{{"audio-framing", "rtp"}}, "audio-framing|audio-codec"},
    {{{"video-fps", "0"}}, "video-fps"},
    {{{"video-fps", "31"}}, "video-fps"},
    {{{"video-fps", "5"}}, "video-fps"},
    {{{"video-codec", "jpeg"}}, "video-fps"},
    {{{"video-codec", "png"}, {"video-fps", "6"}}, "video-fps"},
    {{{"screen-fps", "1"}}, "screen-fps"},
    {{{"screen-codec", "jpeg"}}, "screen-fps"},
    {{{"transcript-language", "37"}}, "transcript-language"},
    {{{"transcript-language", "-2"}}, "transcript-language"},
    {{{"media-types", "0"}}, "media-types"},
    {{{"webhook", "garbage"}}, "webhook"},
    {{{"webhook", "{}"}}, "webhook"},
    {{{"webhook-location", "/nonexistent/webhook.json"}, {"webhook", nullptr}}, "webhook-location"},
    {{{"webhook", nullptr}}, "webhook|signaling-url"},
    {{{"signaling-url", "http://127.0.0.1/"}}, "signaling-url"},
    {{{"signaling-url", "nonsense"}}, "signaling-url"},
    {{{"session-id", "a"}, {"meeting-uuid", "b"}}, "session-id|meeting-uuid"},
};

// A TCP port; connections get no answer, and are never accepted by a process.
class Listener {
 public:
  explicit Listener(const char *address, bool listens = true) {
    socket_.reset(
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr));
    ObjectPtr<GSocketAddress> wanted(g_inet_socket_address_new_from_string(address, 0));
    ck_assert(g_socket_bind(socket_.get(), wanted.get(), FALSE, nullptr));
    if (listens)
      ck_assert(g_socket_listen(socket_.get(), nullptr));
    ObjectPtr<GSocketAddress> own(g_socket_get_local_address(socket_.get(), nullptr));
    port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(own.get()));
  }
  std::string url(const std::string &host) const {
    return "ws://" + host + ":" + std::to_string(port_) + "/signaling";
  }
  bool contacted() const { return g_socket_condition_check(socket_.get(), G_IO_IN) != 0; }

 private:
  ObjectPtr<GSocket> socket_;
  uint16_t port_ = 0;
};

Setup manual(const std::string &url) {
  return [url](GstElement *src) {
    g_object_set(src, "signaling-url", url.c_str(), "stream-id", "stream-1", "meeting-uuid",
                 "m==", "client-id", "test-client", "client-secret", "test-secret", nullptr);
  };
}

void check_in_time(const char *what, Player &player) {
  const Awake awake;
  const int64_t start = g_get_monotonic_time();
  check_error(what, player,
              resource({GST_RESOURCE_ERROR_OPEN_READ, GST_RESOURCE_ERROR_READ},
                       {"timeout|timed out|no answer|did not answer"}));
  expect_prompt(what, awake, kTimeoutMs + 1500 * slowness());
  ck_assert_int_ge((g_get_monotonic_time() - start) / 1000, kTimeoutMs - 50);
}

}  // namespace

GST_START_TEST(test_bad_settings) {
  const BadSetting &bad = kBadSettings[__i__];
  auto server = serve(fast_config(nullptr));
  Player player(*server, [&](GstElement *src) {
    for (const auto &[name, value] : bad.properties)
      if (value)
        set(src, name, value);
      else
        g_object_set(src, name, nullptr, nullptr);
  });
  ck_assert_msg(player.state(GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE, "%s", bad.named);
  Expected expected = resource({GST_RESOURCE_ERROR_SETTINGS}, {bad.named});
  const auto &[name, value] = bad.properties.back();
  if (value && g_ascii_isdigit(value[0]) && bad.properties.size() == 1)
    expected.words.push_back(value);
  check_failure(bad.named, player.wait_error(), expected);
  ck_assert_uint_eq(server->requests(), 0);
}
GST_END_TEST;

// Neither an id and a secret nor a signature.
GST_START_TEST(test_no_credentials) {
  for (const char *name :
       {"ZM_RTMS_CLIENT", "ZM_RTMS_SECRET", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"})
    g_unsetenv(name);
  Player player([](GstElement *src) {
    g_object_set(src, "signaling-url", "ws://127.0.0.1:9/", "stream-id", "s", "meeting-uuid", "m",
                 nullptr);
  });
  ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  check_failure("no credentials", player.wait_error(),
                resource({GST_RESOURCE_ERROR_SETTINGS}, {"client-id|client-secret"}));
}
GST_END_TEST;

GST_START_TEST(test_bad_signature) {
  Config config = fast_config(audio_source(5));
  const Setup wrong = [](GstElement *src) { g_object_set(src, "client-secret", "wrong", nullptr); };
  const std::vector<int> unauthorized = {GST_RESOURCE_ERROR_NOT_AUTHORIZED};
  check_server_error("status 3", config,
                     resource(unauthorized, {"3", "INVALID_SIGNATURE", "client-secret"}), wrong);
  config.close_instead_of_answer = true;
  check_server_error("plain close", config,
                     resource(unauthorized, {"clos", "signature", "client-secret"}), wrong);
}
GST_END_TEST;

// Bound, but not listening: nobody else gets the port meanwhile.
GST_START_TEST(test_refused_connection) {
  Listener nobody("127.0.0.1", false);
  Player player(manual(nobody.url("127.0.0.1")));
  check_error("refused", player, resource({GST_RESOURCE_ERROR_OPEN_READ}, {"refused"}));
}
GST_END_TEST;

GST_START_TEST(test_unknown_host) {
  Player player(manual("wss://no-such-host.invalid/signaling"));
  // Whoever resolves names may be silent.
  g_object_set(player.src(), "timeout", kTimeoutMs, nullptr);
  check_error("unknown host", player,
              resource({GST_RESOURCE_ERROR_NOT_FOUND, GST_RESOURCE_ERROR_OPEN_READ},
                       {"no-such-host.invalid"}));
}
GST_END_TEST;

GST_START_TEST(test_silence) {
  Listener silent("127.0.0.1");
  Player tcp_only(manual(silent.url("127.0.0.1")));
  g_object_set(tcp_only.src(), "timeout", kTimeoutMs, nullptr);
  check_in_time("accepted TCP", tcp_only);
  for (bool Config::*kind :
       {&Config::silent_http, &Config::silent_signaling, &Config::silent_media}) {
    Config config = fast_config(audio_source(5));
    config.*kind = true;
    auto server = serve(config);
    Player player(*server, with("timeout", std::to_string(kTimeoutMs)));
    check_in_time(kind == &Config::silent_media ? "silent media" : "silent signaling", player);
  }
}
GST_END_TEST;

// Stopping while there is no answer: prompt, and silent.
GST_START_TEST(test_stop_while_waiting) {
  for (bool Config::*kind :
       {&Config::silent_http, &Config::silent_signaling, &Config::silent_media}) {
    Config config = fast_config(audio_source(5));
    config.*kind = true;
    auto server = serve(config);
    Player player(*server);
    player.play();
    bool media = kind == &Config::silent_media;
    ck_assert(server->wait_for([&](const Server &s) { return s.requests() >= (media ? 2 : 1); },
                               kDeadlineMs));
    player.stop();
    ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  }
}
GST_END_TEST;

GST_START_TEST(test_untrusted_certificate) {
  Config config = fast_config(audio_source(5));
  config.tls = true;
  check_server_error("untrusted", config,
                     resource({GST_RESOURCE_ERROR_OPEN_READ, GST_RESOURCE_ERROR_NOT_AUTHORIZED},
                              {"certificate", "tls-database|tls-validation-flags"}),
                     [](GstElement *src) { g_object_set(src, "tls-database", nullptr, nullptr); });
  auto trusted = serve(config);
  Player player(*trusted, with("media-types", "audio"));
  player.play();
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(player.record().packets("audio"), 5);
}
GST_END_TEST;

// The certificate is trusted, but for localhost.
GST_START_TEST(test_certificate_of_another_host) {
  Config config = fast_config(audio_source(5));
  config.tls = true;
  auto server = serve(config);
  std::string url = server->signaling_url();
  url.replace(url.find("://") + 3, url.rfind(':') - url.find("://") - 3, "other.localhost");
  Player player(*server,
                [&](GstElement *src) { g_object_set(src, "signaling-url", url.c_str(), nullptr); });
  check_error("another host", player,
              resource({GST_RESOURCE_ERROR_OPEN_READ, GST_RESOURCE_ERROR_NOT_AUTHORIZED},
                       {"it is for another host", "tls-database|tls-validation-flags"}));
}
GST_END_TEST;

// A socket that listens on all addresses of this host, called by a name that isn't loopback's.
GST_START_TEST(test_insecure_host) {
  Listener listener("0.0.0.0");
  for (const char *host :
       {g_get_host_name(), "192.0.2.1", "127.0.0.1.example.org", "[2001:db8::1]"}) {
    if (g_str_has_prefix(host, "localhost"))
      continue;
    Player player(manual(listener.url(host)));
    check_error(
        host, player,
        resource({GST_RESOURCE_ERROR_SETTINGS}, {"allow-insecure|wss", "signaling-url|ws:"}));
    ck_assert_msg(!listener.contacted(), "%s", host);
  }
}
GST_END_TEST;

GST_START_TEST(test_loopback_names) {
  Config config = fast_config(audio_source(5));
  auto server = serve(config);
  std::string url = server->signaling_url();
  url.replace(url.find("127.0.0.1"), 9, "localhost");
  Player player(*server, with("signaling-url", url));
  player.play();
  player.wait_eos();
}
GST_END_TEST;

GST_START_TEST(test_second_element) {
  Config config = fast_config(audio_source(5));
  config.end = End::Nothing;
  auto server = serve(config);
  Player first(*server, with("media-types", "audio")), second(*server);
  first.play();
  ck_assert(first.wait([](const Record &r) { return r.packets("audio") == 5; }));
  check_error("second", second,
              resource({GST_RESOURCE_ERROR_BUSY}, {server->stream_id(), "stream"}));
  ck_assert_uint_eq(first.record().count(GST_MESSAGE_ERROR), 0);
  first.stop();
  ck_assert_uint_eq(first.record().count(GST_MESSAGE_WARNING), 0);
  expect_no_violations(*server);
  // The stream is free again.
  Player third(*server, with("media-types", "audio"));
  third.play();
  ck_assert(third.wait([](const Record &r) { return !r.signals.empty(); }));
  ck_assert_uint_eq(third.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// The application holds a lease that it renews, and then does not: all is closed, with an error.
GST_START_TEST(test_connect_until) {
  constexpr int64_t kSecond_us = G_USEC_PER_SEC;
  auto server = serve(endless_config(Pace::Realtime, 10));
  const auto allow = [](GstElement *src, int64_t us) {
    timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &now), 0);
    const int64_t now_us = now.tv_sec * kSecond_us + now.tv_nsec / 1000;
    g_object_set(src, "connect-until", static_cast<guint64>(now_us + us) * 1000, nullptr);
  };
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", "audio");
    allow(src, kSecond_us);
  });
  player.play();
  ck_assert(server->wait_for([](const Server &s) { return s.connections() == 2; }, kDeadlineMs));
  allow(player.src(), 2 * kSecond_us);
  const Failure failure = player.wait_error();
  ck_assert(failure.domain == GST_RESOURCE_ERROR);
  ck_assert_int_eq(failure.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
  ck_assert_msg(contains(failure.text, "connect-until"), "%s", failure.text.c_str());
  ck_assert(server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
  const unsigned accepted = server->accepted();
  // It has passed already: nothing is connected at all.
  Player late(*server, [&](GstElement *src) { allow(src, -kSecond_us); });
  late.play();
  late.wait_error();
  // No time is too early: only 0 is no limit.
  Player long_ago(*server,
                  [](GstElement *src) { g_object_set(src, "connect-until", guint64{1}, nullptr); });
  long_ago.play();
  long_ago.wait_error();
  ck_assert_uint_eq(server->accepted(), accepted);
}
GST_END_TEST;

static Suite *rtmssrc_errors_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_errors");
  TCase *settings = tcase_create("settings");
  tcase_set_timeout(settings, kPatienceSeconds);
  tcase_add_loop_test(settings, test_bad_settings, 0, G_N_ELEMENTS(kBadSettings));
  tcase_add_test(settings, test_no_credentials);
  tcase_add_test(settings, test_bad_signature);
  tcase_add_test(settings, test_insecure_host);
  tcase_add_test(settings, test_loopback_names);
  tcase_add_test(settings, test_second_element);
  tcase_add_test(settings, test_connect_until);
  suite_add_tcase(suite, settings);

  TCase *network = tcase_create("network");
  tcase_set_timeout(network, kPatienceSeconds);
  tcase_add_test(network, test_refused_connection);
  tcase_add_test(network, test_unknown_host);
  tcase_add_test(network, test_silence);
  tcase_add_test(network, test_stop_while_waiting);
  tcase_add_test(network, test_untrusted_certificate);
  tcase_add_test(network, test_certificate_of_another_host);
  suite_add_tcase(suite, network);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_errors)

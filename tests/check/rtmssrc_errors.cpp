// What goes wrong is told once, clearly, in time, and never keeps the element from stopping.
#include <algorithm>

#include "fixture.h"

namespace {

using namespace rtmscheck;

constexpr unsigned kTimeoutMs = 400;
const char *const kTimeout = "400";

// What is expected of an error: one of the codes, and words that its text must hold, with any of
// the alternatives "a|b" standing for each.
struct Expected {
  GQuark domain;
  std::vector<int> codes;  // empty: any
  std::vector<std::string> words;
};

bool has_any(const std::string &text, const std::string &alternatives) {
  Ptr<char *, g_strfreev> parts(g_strsplit(alternatives.c_str(), "|", -1));
  for (char **part = parts.get(); *part; part++)
    if (contains(lower(text), lower(*part))) return true;
  return false;
}

void check_failure(const std::string &what, const Failure &failure, const Expected &expected) {
  const std::string told = what + ": " + g_quark_to_string(failure.domain) + " " +
                           std::to_string(failure.code) + ": " + failure.text + " [" +
                           failure.debug + "]";
  ck_assert_msg(failure.domain == expected.domain, "%s", told.c_str());
  bool right = expected.codes.empty() || std::count(expected.codes.begin(), expected.codes.end(),
                                                    failure.code) > 0;
  ck_assert_msg(right, "%s", told.c_str());
  for (const std::string &word : expected.words)
    ck_assert_msg(has_any(failure.text + " " + failure.debug, word), "no \"%s\" in %s",
                  word.c_str(), told.c_str());
}

Expected resource(std::vector<int> codes, std::vector<std::string> words) {
  return {GST_RESOURCE_ERROR, std::move(codes), std::move(words)};
}

// An error that comes while connecting.
void check_error(const std::string &what, Player &player, const Expected &expected) {
  player.state(GST_STATE_PLAYING);
  check_failure(what, player.wait_error(), expected);
}

void check_server_error(const std::string &what, const Config &config, const Expected &expected,
                        const Setup &setup = {}) {
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    set(src, "timeout", kTimeout);
    if (setup) setup(src);
  });
  check_error(what, player, expected);
  bool closed = server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs);
  ck_assert_msg(closed, "%s: connections left", what.c_str());
}

Setup with(const std::string &name, const std::string &value) {
  return [name, value](GstElement *src) { set(src, name, value); };
}

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
    {{{"screen-fps", "5"}}, "screen-fps"},
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
  for (const char *name : {"ZM_RTMS_CLIENT", "ZM_RTMS_SECRET", "ZOOM_CLIENT_ID",
                           "ZOOM_CLIENT_SECRET"})
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

// Names of protocol.md, section 4.
static const char *const kStatusNames[] = {
    "OK", "INVALID_MESSAGE_TYPE", "INVALID_RTMS_STREAM_ID", "INVALID_SIGNATURE", "INVALID_PAYLOAD",
    "INVALID_EVENTS", "INVALID_EVENT_TYPE", "INVALID_MEDIA_TYPE", "DUPLICATE_SIGNAL_REQUEST",
    "MEDIA_TYPE_AUDIO_NOT_SUPPORT", "MEDIA_TYPE_VIDEO_NOT_SUPPORT",
    "MEDIA_TYPE_DESKSHARE_NOT_SUPPORT", "MEDIA_TYPE_TRANSCRIPT_NOT_SUPPORT",
    "MEDIA_TYPE_CHAT_NOT_SUPPORT", "MEDIA_TYPE_INVALID_VALUE", "MEDIA_DATA_ALL_CONNECTION_EXIST",
    "DUPLICATE_MEDIA_DATA_CONNECTION", "INVALID_MEDIA_PARAMS", "INVALID_MEDIA_AUDIO_PARAMS",
    "INVALID_MEDIA_AUDIO_CONTENT_TYPE", "INVALID_MEDIA_AUDIO_SAMPLE_RATE",
    "INVALID_MEDIA_AUDIO_CHANNEL", "INVALID_MEDIA_AUDIO_CODEC", "INVALID_MEDIA_AUDIO_DATA_OPT",
    "INVALID_MEDIA_AUDIO_SEND_RATE", "INVALID_MEDIA_VIDEO_PARAMS",
    "INVALID_MEDIA_VIDEO_CONTENT_TYPE", "INVALID_MEDIA_VIDEO_CODEC",
    "INVALID_MEDIA_VIDEO_RESOLUTION", "INVALID_MEDIA_VIDEO_DATA_OPT", "INVALID_MEDIA_VIDEO_FPS",
    "INVALID_MEDIA_DESKSHARE_PARAMS", "INVALID_MEDIA_DESKSHARE_CONTENT_TYPE",
    "INVALID_MEDIA_DESKSHARE_CODEC", "INVALID_MEDIA_DESKSHARE_RESOLUTION",
    "INVALID_MEDIA_DESKSHARE_FPS", "INVALID_MEDIA_TRANSCRIPT_PARAMS",
    "INVALID_MEDIA_TRANSCRIPT_CONTENT_TYPE", "INVALID_MEDIA_CHAT_PARAMS",
    "INVALID_MEDIA_CHAT_CONTENT_TYPE", "INVALID_RTMS_SESSION_ID", "INVALID_CLIENT_READY_ACK",
    "INVALID_EVENT_SUBSCRIBE", "INVALID_MEDIA_TRANSCRIPT_SOURCE_LANGUAGE",
    "DUPLICATE_VIDEO_SUBSCRIPTION", "INTERNAL_EXCEPTION",
    "INVALID_MEDIA_TRANSCRIPT_TARGET_LANGUAGE", "CHAT_SESSION_KEY_NOT_AVAILABLE"};
static constexpr int kStatusEnd = G_N_ELEMENTS(kStatusNames);

static bool is_transient(int status) {
  return status == 8 || status == 16 || status == 45;
}
static bool concerns_one_medium(int status) {
  return status >= 9 && status <= 13;
}

static Expected expected_of(int status) {
  std::vector<int> codes;
  if (status == 2) codes = {GST_RESOURCE_ERROR_NOT_FOUND};
  if (status == 3) codes = {GST_RESOURCE_ERROR_NOT_AUTHORIZED};
  if ((status >= 17 && status <= 39) || status == 43) codes = {GST_RESOURCE_ERROR_SETTINGS};
  std::vector<std::string> words = {std::to_string(status), "because of tests"};
  if (status < kStatusEnd) words.push_back(kStatusNames[status]);
  return resource(codes, words);
}

GST_START_TEST(test_final_status_signaling) {
  for (int status : {1, 2, 3, 4, 5, 6, 7, 14, 15, 17, 40, 41, 42, 44, 46, 47, 99}) {
    Config config = fast_config(audio_source(5));
    config.status_signaling = status;
    config.reason = "because of tests";
    check_server_error("signaling " + std::to_string(status), config, expected_of(status));
  }
}
GST_END_TEST;

GST_START_TEST(test_final_status_media) {
  for (int status = 1; status <= kStatusEnd; status++) {
    if (is_transient(status) || concerns_one_medium(status)) continue;
    Config config = fast_config(audio_source(5));
    config.status_media[Media::Audio] = status;
    config.reason = "because of tests";
    check_server_error("media " + std::to_string(status), config, expected_of(status),
                       with("connection-mode", status % 2 ? "split" : "unified"));
  }
}
GST_END_TEST;

// With no window to try again in, what is transient is an error, too.
GST_START_TEST(test_transient_status_without_window) {
  for (int status : {8, 16, 45}) {
    Config config = fast_config(audio_source(5));
    config.status_signaling = status;
    check_server_error("signaling " + std::to_string(status), config,
                       resource({}, {std::to_string(status), kStatusNames[status]}),
                       with("signaling-reconnect-window", "0"));
    config.status_signaling = 0;
    config.status_media[Media::Audio] = status;
    check_server_error("media " + std::to_string(status), config,
                       resource({}, {std::to_string(status), kStatusNames[status]}),
                       [](GstElement *src) {
                         set(src, "media-reconnect-window", "0");
                         set(src, "media-types", "audio");
                       });
  }
}
GST_END_TEST;

GST_START_TEST(test_transient_status_within_window) {
  for (int status : {8, 16, 45}) {
    Config config = fast_config(audio_source(5));
    config.fault_times = 1;
    config.status_signaling = status;
    config.status_media[Media::Audio] = status;
    auto server = serve(config);
    Player player(*server, with("media-types", "audio"));
    player.play();
    player.wait_eos();
    player.stop();
    ck_assert_uint_eq(player.record().packets("audio"), 5);
  }
}
GST_END_TEST;

struct Upgrade {
  int status;
  std::vector<int> codes;
};
static const Upgrade kUpgrades[] = {
    {401, {GST_RESOURCE_ERROR_NOT_AUTHORIZED}},
    {403, {GST_RESOURCE_ERROR_NOT_AUTHORIZED}},
    {404, {GST_RESOURCE_ERROR_NOT_FOUND}},
    {503, {GST_RESOURCE_ERROR_BUSY, GST_RESOURCE_ERROR_OPEN_READ}},
    {302, {GST_RESOURCE_ERROR_OPEN_READ, GST_RESOURCE_ERROR_NOT_FOUND}},
};

GST_START_TEST(test_refused_upgrade) {
  const Upgrade &upgrade = kUpgrades[__i__];
  auto elsewhere = serve(fast_config(audio_source(5)));
  for (bool signaling : {true, false}) {
    Config config = fast_config(audio_source(5));
    (signaling ? config.upgrade_status_signaling : config.upgrade_status_media) = upgrade.status;
    config.redirect_to = "http" + elsewhere->signaling_url().substr(2);
    check_server_error((signaling ? "signaling " : "media ") + std::to_string(upgrade.status),
                       config, resource(upgrade.codes, {std::to_string(upgrade.status)}));
  }
  ck_assert_uint_eq(elsewhere->requests(), 0);
}
GST_END_TEST;

// A TCP port; connections get no answer, and are never accepted by a process.
class Listener {
 public:
  explicit Listener(const char *address, bool listens = true) {
    socket_.reset(g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                               nullptr));
    ObjectPtr<GSocketAddress> wanted(g_inet_socket_address_new_from_string(address, 0));
    ck_assert(g_socket_bind(socket_.get(), wanted.get(), FALSE, nullptr));
    if (listens) ck_assert(g_socket_listen(socket_.get(), nullptr));
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

static Setup manual(const std::string &url) {
  return [url](GstElement *src) {
    g_object_set(src, "signaling-url", url.c_str(), "stream-id", "stream-1", "meeting-uuid", "m==",
                 "client-id", "test-client", "client-secret", "test-secret", "timeout", kTimeoutMs,
                 nullptr);
  };
}

// Bound, but not listening: nobody else gets the port meanwhile.
GST_START_TEST(test_refused_connection) {
  Listener nobody("127.0.0.1", false);
  Player player(manual(nobody.url("127.0.0.1")));
  check_error("refused", player, resource({GST_RESOURCE_ERROR_OPEN_READ}, {"refused"}));
}
GST_END_TEST;

GST_START_TEST(test_unknown_host) {
  Player player(manual("wss://no-such-host.invalid/signaling"));
  check_error("unknown host", player,
              resource({GST_RESOURCE_ERROR_NOT_FOUND, GST_RESOURCE_ERROR_OPEN_READ},
                       {"no-such-host.invalid"}));
}
GST_END_TEST;

static void check_in_time(const char *what, Player &player) {
  int64_t start = g_get_monotonic_time();
  check_error(what, player,
              resource({GST_RESOURCE_ERROR_OPEN_READ, GST_RESOURCE_ERROR_READ},
                       {"timeout|timed out|no answer|did not answer|400 ms|0.4 s"}));
  int64_t took_ms = (g_get_monotonic_time() - start) / 1000;
  ck_assert_msg(took_ms >= kTimeoutMs - 50 && took_ms < kTimeoutMs + 1500, "%s: %d ms", what,
                static_cast<int>(took_ms));
}

GST_START_TEST(test_silence) {
  Listener silent("127.0.0.1");
  Player tcp_only(manual(silent.url("127.0.0.1")));
  check_in_time("accepted TCP", tcp_only);
  for (bool Config::*kind :
       {&Config::silent_http, &Config::silent_signaling, &Config::silent_media}) {
    Config config = fast_config(audio_source(5));
    config.*kind = true;
    auto server = serve(config);
    Player player(*server, with("timeout", kTimeout));
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

GST_START_TEST(test_encrypted_payload) {
  Config config = fast_config(audio_source(5));
  config.payload_encrypted = true;
  check_server_error("encrypted", config, {GST_STREAM_ERROR, {GST_STREAM_ERROR_DECRYPT}, {"encrypt"}});
}
GST_END_TEST;

// A socket that listens on all addresses of this host, called by a name that isn't loopback's.
GST_START_TEST(test_insecure_host) {
  Listener listener("0.0.0.0");
  for (const char *host : {g_get_host_name(), "192.0.2.1", "127.0.0.1.example.org", "[2001:db8::1]"}) {
    if (g_str_has_prefix(host, "localhost")) continue;
    Player player(manual(listener.url(host)));
    check_error(host, player,
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

static const char *const kPads[kMediaCount] = {"audio", "video", "screen", "transcript", "chat"};

// 9..13 concern one medium: a warning, and the others go on.
GST_START_TEST(test_one_medium_refused) {
  auto source = std::make_shared<ListSource>();
  for (Media m : kAllMedia) {
    bool text = m == Media::Transcript || m == Media::Chat;
    bool sound = m == Media::Audio;
    source->add(item(m, 0, text ? text_bytes("Hello.") : sound ? random_bytes(640, 1)
                                                               : access_unit(true, 500, 1)));
  }
  Config config = fast_config(source);
  Media refused = kAllMedia[static_cast<std::size_t>(__i__)];
  config.status_media[refused] = 9 + __i__;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio+video+screen+transcript+chat"));
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  check_failure("refused", failure_of(record.first(GST_MESSAGE_WARNING)),
                resource({}, {std::to_string(9 + __i__), kStatusNames[9 + __i__]}));
  for (Media m : kAllMedia) {
    const char *pad = kPads[static_cast<std::size_t>(m)];
    ck_assert_msg(record.packets(pad) == (m == refused ? 0 : 1), "%s", player.summary().c_str());
  }
  auto pads = std::count(record.signals.begin(), record.signals.end(), kPads[__i__]);
  ck_assert_int_eq(pads, 0);
}
GST_END_TEST;

// When all are refused nothing is left: the reasons as warnings, and an error.
GST_START_TEST(test_all_media_refused) {
  Config config = fast_config(audio_source(5));
  config.status_media[Media::Audio] = 9;
  config.status_media[Media::Video] = 10;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio+video"));
  check_error("all refused", player, resource({}, {"media-types"}));
  ck_assert_msg(player.record().count(GST_MESSAGE_WARNING) == 2, "%s", player.summary().c_str());
}
GST_END_TEST;

// A downgrade is told, and the caps follow what was negotiated.
struct Downgrade {
  const char *property, *wanted, *negotiated, *pad, *caps;
};
static const Downgrade kDowngrades[] = {
    {"audio-streams", "per-participant", R"({"audio":{"data_opt":1}})", "audio", "audio/x-raw"},
    {"video-codec", "h264", R"({"video":{"codec":5,"fps":5}})", "video", "image/jpeg"},
    {"audio-rate", "48000", R"({"audio":{"sample_rate":1}})", "audio", "audio/x-raw,rate=16000"},
    {"screen-codec", "h264", R"({"deskshare":{"codec":6,"fps":5}})", "screen", "image/png"},
};

GST_START_TEST(test_downgrade) {
  const Downgrade &downgrade = kDowngrades[__i__];
  auto source = audio_source(5);
  source->add(item(Media::Video, 0, random_bytes(1000, 1)));
  source->add(item(Media::Deskshare, 0, random_bytes(1000, 1)));
  Config config = fast_config(source);
  config.negotiate = downgrade.negotiated;
  auto server = serve(config);
  Player player(*server, with(downgrade.property, downgrade.wanted));
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  GstCaps *caps = nullptr;
  const GstEvent *event = record.pad(downgrade.pad).first(GST_EVENT_CAPS);
  gst_event_parse_caps(const_cast<GstEvent *>(event), &caps);
  CapsPtr expected(gst_caps_from_string(downgrade.caps));
  CharPtr text(gst_caps_to_string(caps));
  ck_assert_msg(gst_caps_is_subset(caps, expected.get()), "%s", text.get());
}
GST_END_TEST;

static Suite *rtmssrc_errors_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_errors");
  TCase *settings = tcase_create("settings");
  tcase_set_timeout(settings, kPatienceSeconds);
  tcase_add_loop_test(settings, test_bad_settings, 0, G_N_ELEMENTS(kBadSettings));
  tcase_add_test(settings, test_no_credentials);
  tcase_add_test(settings, test_insecure_host);
  tcase_add_test(settings, test_loopback_names);
  suite_add_tcase(suite, settings);

  TCase *refusals = tcase_create("refusals");
  tcase_set_timeout(refusals, kPatienceSeconds);
  tcase_add_test(refusals, test_bad_signature);
  tcase_add_test(refusals, test_final_status_signaling);
  tcase_add_test(refusals, test_final_status_media);
  tcase_add_test(refusals, test_transient_status_without_window);
  tcase_add_test(refusals, test_transient_status_within_window);
  tcase_add_loop_test(refusals, test_refused_upgrade, 0, G_N_ELEMENTS(kUpgrades));
  tcase_add_test(refusals, test_encrypted_payload);
  tcase_add_test(refusals, test_second_element);
  tcase_add_loop_test(refusals, test_one_medium_refused, 0, kMediaCount);
  tcase_add_test(refusals, test_all_media_refused);
  tcase_add_loop_test(refusals, test_downgrade, 0, G_N_ELEMENTS(kDowngrades));
  suite_add_tcase(suite, refusals);

  TCase *network = tcase_create("network");
  tcase_set_timeout(network, kPatienceSeconds);
  tcase_add_test(network, test_refused_connection);
  tcase_add_test(network, test_unknown_host);
  tcase_add_test(network, test_silence);
  tcase_add_test(network, test_stop_while_waiting);
  tcase_add_test(network, test_untrusted_certificate);
  suite_add_tcase(suite, network);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_errors)

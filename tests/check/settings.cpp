// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties' values → what a session needs, or why not.
#include "run/sessionconfig.h"

#include <glib/gstdio.h>
#include "gst_check.h"

#include <initializer_list>
#include <string>

using namespace rtms;

namespace {

// HMAC-SHA256 of "abc,uuid==,stream-1" with the key "s3cr3t", by openssl.
const char kSignature[] = "b553166d6b3982457fad44891583e1f4f0727a1ea0ddb291da64b0b57a0fccce";

// Without the session's own environment.
void clean_environment() {
  for (const char *name :
       {"ZM_RTMS_CLIENT", "ZOOM_CLIENT_ID", "ZM_RTMS_SECRET", "ZOOM_CLIENT_SECRET"})
    g_unsetenv(name);
}

Settings valid() {
  Settings s;
  s.signaling_url = "wss://h.example/s";
  s.stream_id = "stream-1";
  s.meeting_uuid = "uuid==";
  s.client_id = "abc";
  s.client_secret = Secret("s3cr3t");
  return s;
}

SessionConfig accepted(const Settings &s) {
  auto result = session_config(s);
  const BadSetting *bad = std::get_if<BadSetting>(&result);
  fail_unless(bad == nullptr, "refused: %s", bad ? bad->text.c_str() : "");
  return std::get<SessionConfig>(result);
}

std::string refused(const Settings &s, const char *what) {
  auto result = session_config(s);
  const BadSetting *bad = std::get_if<BadSetting>(&result);
  fail_unless(bad != nullptr, "accepted: %s", what);
  for (const char *secret : {"s3cr3t", "5ignature", "t0ken"})
    fail_unless(bad->text.find(secret) == std::string::npos, "a secret in: %s", bad->text.c_str());
  return bad->text;
}

void expect_contains(const std::string &text, const std::string &part) {
  fail_unless(text.find(part) != std::string::npos, "'%s' does not say '%s'", text.c_str(),
              part.c_str());
}

void expect_text(const std::string &got, const std::string &want) {
  fail_unless(got == want, "got '%s', expected '%s'", got.c_str(), want.c_str());
}

std::string webhook(const std::string &event, const std::string &key,
                    const std::string &signature = "") {
  return "{\"event\":\"" + event + "\",\"payload\":{\"object\":{\"" + key +
         "\":\"hook-id\",\"rtms_stream_id\":\"hook-stream\",\"server_urls\":\"wss://hook/s\"" +
         (signature.empty() ? "" : ",\"signature\":\"" + signature + "\"") + "}}}";
}

Settings from_webhook(const std::string &signature = "") {
  Settings s;
  s.webhook = webhook("meeting.rtms_started", "meeting_uuid", signature);
  s.client_id = "abc";
  s.client_secret = Secret("s3cr3t");
  return s;
}

const struct {
  const char *event, *key;
  Product product;
  std::string Settings::*member;
} kProducts[] = {
    {"meeting.rtms_started", "meeting_uuid", Product::Meeting, &Settings::meeting_uuid},
    {"webinar.rtms_started", "meeting_uuid", Product::Webinar, nullptr},
    {"session.rtms_started", "session_id", Product::VideoSdk, &Settings::session_id},
    {"contact_center.voice_rtms_started", "engagement_id", Product::ContactCenter,
     &Settings::engagement_id},
    {"phone.rtms_started", "call_id", Product::Phone, &Settings::call_id},
};

}  // namespace

GST_START_TEST(test_defaults) {
  SessionConfig c = accepted(valid());
  expect_text(c.signaling_url, "wss://h.example/s");
  fail_unless(c.who.product == Product::Meeting);
  expect_text(c.who.id, "uuid==");
  expect_text(c.who.stream_id, "stream-1");
  expect_text(c.who.client_id, "abc");
  expect_text(c.who.signature(), kSignature);
  assert_equals_int(c.media, 15);
  fail_if(c.unified || c.buffer_data || c.allow_insecure);
  assert_equals_int(c.timeout_ms, 10000);
  assert_equals_int(c.keep_alive_timeout_ms, 0);
  assert_equals_int(c.signaling_retry.window_ms, 60000);
  assert_equals_int(c.media_retry.window_ms, 65000);
  assert_equals_int(c.connect_retry.window_ms, 20000);
  assert_equals_int(c.connect_retry.delay_max_ms, 4000);
  for (const Retry::Limits &r : {c.signaling_retry, c.media_retry}) {
    assert_equals_int(r.delay_ms, 1000);
    assert_equals_int(r.delay_max_ms, 30000);
  }
  const AudioParams &a = c.params.audio;
  fail_unless(a.content_type == ContentType::RawAudio && a.codec == Codec::L16);
  assert_equals_int(a.rate_hz, 16000);
  assert_equals_int(a.channels, 1);
  assert_equals_int(a.send_rate_ms, 20);
  fail_unless(a.data_opt == DataOpt::AudioMixed);
  for (const VideoParams *v : {&c.params.video, &c.params.screen}) {
    fail_unless(v->content_type == ContentType::RawVideo && v->codec == Codec::H264);
    fail_unless(v->resolution == Resolution::Hd);
  }
  assert_equals_int(c.params.video.fps, 25);
  assert_equals_int(c.params.screen.fps, 15);
  fail_unless(c.params.video.data_opt == DataOpt::VideoActiveSpeaker);
  assert_equals_int(c.params.transcript.src_language, 9);
  fail_if(c.params.transcript.enable_lid);
}
GST_END_TEST;

// The webhook's server_urls, as it is.
GST_START_TEST(test_list_of_urls) {
  Settings s = valid();
  s.signaling_url = " wss://h.example/s , wss://other.example/s";
  expect_text(accepted(s).signaling_url, "wss://h.example/s");
}
GST_END_TEST;

GST_START_TEST(test_other_values) {
  Settings s = valid();
  s.media_types = GST_RTMS_SRC_MEDIA_SCREEN | GST_RTMS_SRC_MEDIA_CHAT;
  s.connection_mode = GST_RTMS_SRC_CONNECTION_UNIFIED;
  s.buffer_data = s.allow_insecure = s.transcript_detect_language = true;
  s.signaling_url = "ws://h.example/s";
  s.audio_streams = (int) DataOpt::AudioMulti;
  s.audio_channels = 2;
  s.audio_packet_duration = 1000;
  s.video_codec = (int) Codec::Png;
  s.video_fps = 5;
  s.video_streams = (int) DataOpt::VideoIndividual;
  s.video_resolution = (int) Resolution::Qhd;
  s.screen_codec = (int) Codec::Jpeg;
  s.screen_fps = 1;
  s.screen_resolution = (int) Resolution::Sd;
  s.transcript_language = -1;
  s.timeout = 1;
  s.keep_alive_timeout = 2;
  s.signaling_reconnect_window = 0;
  s.media_reconnect_window = 3;
  s.retry_delay = 4;
  s.retry_delay_max = 5;
  SessionConfig c = accepted(s);
  expect_text(c.signaling_url, "ws://h.example/s");
  assert_equals_int(c.media, 4 | 16);
  fail_unless(c.unified && c.buffer_data && c.allow_insecure && c.params.transcript.enable_lid);
  fail_unless(c.params.audio.data_opt == DataOpt::AudioMulti);
  assert_equals_int(c.params.audio.channels, 2);
  assert_equals_int(c.params.audio.send_rate_ms, 1000);
  fail_unless(c.params.video.codec == Codec::Png && c.params.screen.codec == Codec::Jpeg);
  fail_unless(c.params.video.data_opt == DataOpt::VideoIndividual);
  fail_unless(c.params.video.resolution == Resolution::Qhd);
  fail_unless(c.params.screen.resolution == Resolution::Sd);
  assert_equals_int(c.params.video.fps, 5);
  assert_equals_int(c.params.screen.fps, 1);
  assert_equals_int(c.params.transcript.src_language, -1);
  assert_equals_int(c.timeout_ms, 1);
  assert_equals_int(c.keep_alive_timeout_ms, 2);
  assert_equals_int(c.signaling_retry.window_ms, 0);
  assert_equals_int(c.media_retry.window_ms, 3);
  assert_equals_int(c.media_retry.delay_ms, 4);
  assert_equals_int(c.signaling_retry.delay_max_ms, 5);
}
GST_END_TEST;

GST_START_TEST(test_products) {
  const auto &p = kProducts[__i__];
  Settings s = from_webhook();
  s.webhook = webhook(p.event, p.key);
  SessionConfig c = accepted(s);
  fail_unless(c.who.product == p.product);
  expect_text(c.who.id, "hook-id");
  if (!p.member)
    return;
  s = valid();
  s.meeting_uuid.clear();
  s.*p.member = "uuid==";
  c = accepted(s);
  fail_unless(c.who.product == p.product);
  expect_text(c.who.id, "uuid==");
  expect_text(c.who.signature(), kSignature);
}
GST_END_TEST;

GST_START_TEST(test_two_ids) {
  static const struct {
    std::string Settings::*member;
    const char *name;
  } ids[] = {{&Settings::meeting_uuid, "meeting-uuid"},
             {&Settings::session_id, "session-id"},
             {&Settings::engagement_id, "engagement-id"},
             {&Settings::call_id, "call-id"}};
  for (const auto &a : ids) {
    for (const auto &b : ids) {
      if (a.member == b.member)
        continue;
      for (bool hook : {false, true}) {
        Settings s = hook ? from_webhook() : valid();
        s.meeting_uuid.clear();
        s.*a.member = "one";
        s.*b.member = "two";
        const std::string text = refused(s, "two ids");
        expect_contains(text, a.name);
        expect_contains(text, b.name);
      }
    }
  }
  Settings s = valid();
  s.meeting_uuid.clear();
  const std::string text = refused(s, "no id");
  for (const auto &id : ids)
    expect_contains(text, id.name);
}
GST_END_TEST;

GST_START_TEST(test_webhook) {
  Settings s = from_webhook();
  SessionConfig c = accepted(s);
  expect_text(c.signaling_url, "wss://hook/s");
  expect_text(c.who.stream_id, "hook-stream");
  // Each explicit property beats it, and the rest still comes from it.
  s.signaling_url = "wss://own/s";
  c = accepted(s);
  expect_text(c.signaling_url, "wss://own/s");
  expect_text(c.who.stream_id, "hook-stream");
  s = from_webhook();
  s.stream_id = "own-stream";
  c = accepted(s);
  expect_text(c.who.stream_id, "own-stream");
  expect_text(c.signaling_url, "wss://hook/s");
  expect_text(c.who.id, "hook-id");
}
GST_END_TEST;

GST_START_TEST(test_explicit_id) {
  const auto &p = kProducts[__i__];
  if (!p.member)
    return;
  for (const auto &hook : kProducts) {
    Settings s = from_webhook();
    s.webhook = webhook(hook.event, hook.key);
    s.*p.member = "uuid==";
    s.stream_id = "stream-1";
    SessionConfig c = accepted(s);
    expect_text(c.who.id, "uuid==");
    expect_text(c.who.signature(), kSignature);  // of what is used, not of the webhook's
    if (p.product != Product::Meeting || hook.product != Product::Webinar)
      fail_unless(c.who.product == p.product);
  }
}
GST_END_TEST;

GST_START_TEST(test_signature) {
  // Computed beats the webhook's.
  Settings s = from_webhook("5ignature-hook");
  s.meeting_uuid = "uuid==";
  s.stream_id = "stream-1";
  expect_text(accepted(s).who.signature(), kSignature);
  // An explicit one beats both.
  s.signature = Secret("5ignature-own");
  expect_text(accepted(s).who.signature(), "5ignature-own");
  // Without id and secret either signature will do.
  for (bool own : {false, true}) {
    s = from_webhook(own ? "" : "5ignature-hook");
    s.client_id.clear();
    s.client_secret = Secret();
    if (own)
      s.signature = Secret("5ignature-own");
    expect_text(accepted(s).who.signature(), own ? "5ignature-own" : "5ignature-hook");
  }
  s = valid();
  s.client_id.clear();
  s.client_secret = Secret();
  s.signature = Secret("5ignature-own");
  expect_text(accepted(s).who.signature(), "5ignature-own");
}
GST_END_TEST;

GST_START_TEST(test_credentials_missing) {
  Settings s = valid();
  s.client_id.clear();
  expect_contains(refused(s, "no client-id"), "client-id");
  s = valid();
  s.client_secret = Secret();
  expect_contains(refused(s, "no client-secret"), "client-secret");
  s = from_webhook();
  s.client_secret = Secret();
  expect_contains(refused(s, "webhook without signature, no secret"), "client-secret");
}
GST_END_TEST;

// client-id takes its default when the element is made: that is the element's.
GST_START_TEST(test_environment) {
  Settings s = valid();
  s.client_secret = Secret();
  g_setenv("ZOOM_CLIENT_SECRET", "s3cr3t", TRUE);
  expect_text(accepted(s).who.signature(), kSignature);
  g_setenv("ZM_RTMS_SECRET", "", TRUE);
  expect_text(accepted(s).who.signature(), kSignature);
  g_setenv("ZOOM_CLIENT_SECRET", "another", TRUE);
  g_setenv("ZM_RTMS_SECRET", "s3cr3t", TRUE);
  expect_text(accepted(s).who.signature(), kSignature);
  for (const char *around : {"s3cr3t\n", "s3cr3t\r\n", " s3cr3t "}) {
    g_setenv("ZM_RTMS_SECRET", around, TRUE);
    expect_text(accepted(s).who.signature(), kSignature);
  }
  g_setenv("ZM_RTMS_SECRET", "another", TRUE);
  s.client_secret = Secret("s3cr3t");
  expect_text(accepted(s).who.signature(), kSignature);
  s.signature = Secret("5ignature-own");
  expect_text(accepted(s).who.signature(), "5ignature-own");
  // Computed from the environment's secret beats the webhook's, too.
  s = from_webhook("5ignature-hook");
  s.client_secret = Secret();
  s.meeting_uuid = "uuid==";
  s.stream_id = "stream-1";
  g_setenv("ZM_RTMS_SECRET", "s3cr3t", TRUE);
  expect_text(accepted(s).who.signature(), kSignature);
}
GST_END_TEST;

GST_START_TEST(test_webhook_location) {
  GError *error = nullptr;
  StringPtr dir(g_dir_make_tmp("rtms-settings-XXXXXX", &error));
  fail_unless(dir != nullptr);
  StringPtr path(g_build_filename(dir.get(), "webhook.json", nullptr));
  Settings s = from_webhook();
  s.webhook.clear();
  s.webhook_location = path.get();
  std::string text = refused(s, "no such file");
  expect_contains(text, "webhook-location");
  expect_contains(text, path.get());
  const std::string body = webhook("phone.rtms_started", "call_id");
  fail_unless(g_file_set_contents(path.get(), body.c_str(), -1, nullptr));
  SessionConfig c = accepted(s);
  fail_unless(c.who.product == Product::Phone);
  expect_text(c.who.id, "hook-id");
  expect_text(c.signaling_url, "wss://hook/s");
  const std::string marked = "\xef\xbb\xbf" + body;  // with a byte order mark
  fail_unless(g_file_set_contents(path.get(), marked.c_str(), -1, nullptr));
  expect_text(accepted(s).who.id, "hook-id");
  s.signaling_url = "wss://own/s";
  expect_text(accepted(s).signaling_url, "wss://own/s");
  s.webhook = webhook("meeting.rtms_started", "meeting_uuid");  // beats the file
  fail_unless(accepted(s).who.product == Product::Meeting);
  s.webhook.clear();
  for (const char *bad : {"", "no JSON t0ken", "{}", "[1]"}) {
    fail_unless(g_file_set_contents(path.get(), bad, -1, nullptr));
    s.signaling_url.clear();
    expect_contains(refused(s, bad), "webhook-location");
  }
  g_unlink(path.get());
  g_rmdir(dir.get());
}
GST_END_TEST;

GST_START_TEST(test_bad_webhook) {
  for (const char *bad : {"no JSON t0ken", "{}", "[]", "{\"signature\":\"5ignature\"",
                          R"({"event":"meeting.rtms_stopped","signature":"5ignature"})"}) {
    Settings s = from_webhook();
    s.webhook = bad;
    expect_contains(refused(s, bad), "webhook");
  }
}
GST_END_TEST;

static Suite *settings_suite(void) {
  clean_environment();
  Suite *suite = suite_create("settings");
  TCase *tc = tcase_create("settings");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_defaults);
  tcase_add_test(tc, test_list_of_urls);
  tcase_add_test(tc, test_other_values);
  tcase_add_loop_test(tc, test_products, 0, (int) G_N_ELEMENTS(kProducts));
  tcase_add_test(tc, test_two_ids);
  tcase_add_test(tc, test_webhook);
  tcase_add_loop_test(tc, test_explicit_id, 0, (int) G_N_ELEMENTS(kProducts));
  tcase_add_test(tc, test_signature);
  tcase_add_test(tc, test_credentials_missing);
  tcase_add_test(tc, test_environment);
  tcase_add_test(tc, test_webhook_location);
  tcase_add_test(tc, test_bad_webhook);
  return suite;
}

GST_CHECK_MAIN(settings)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Values that are refused before connecting, and the whole table of valid audio.
#include "run/sessionconfig.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

namespace {

Settings valid() {
  Settings s;
  s.signaling_url = "wss://h.example/s";
  s.stream_id = "stream-1";
  s.meeting_uuid = "uuid==";
  s.client_id = "abc";
  s.client_secret = Secret("s3cr3t");
  return s;
}

void expect_contains(const std::string &text, const std::string &part) {
  fail_unless(text.find(part) != std::string::npos, "'%s' does not say '%s'", text.c_str(),
              part.c_str());
}

// protocol.md §3.
bool in_table(ContentType framing, Codec codec, int rate, int channels, int duration) {
  switch (codec) {
    case Codec::L16:
      return framing == ContentType::RawAudio &&
             (rate == 8000 || rate == 16000 || rate == 32000 || rate == 48000) &&
             (channels == 1 || channels == 2) && duration >= 20 && duration <= 1000 &&
             duration % 20 == 0;
    case Codec::Opus:
      return rate == 48000 && (channels == 1 || channels == 2) && duration == 20;
    case Codec::G711:
      return rate == 8000 && channels == 1 && duration == 20;
    case Codec::G722:
      return rate == 16000 && channels == 1 && duration == 20;
    default:
      return false;
  }
}

}  // namespace

static const struct {
  const char *property, *value, *is_valid;
  void (*set)(Settings *);
} bad_values[] = {
    {"signaling-url", "", "server_urls", [](Settings *s) { s->signaling_url = ""; }},
    {"signaling-url", "http://h", "wss://", [](Settings *s) { s->signaling_url = "http://h"; }},
    {"signaling-url", "ws://h.example", "wss://",
     [](Settings *s) { s->signaling_url = "ws://h.example"; }},
    // What is no URL is not shown: it may be a secret that was pasted into the wrong property.
    {"signaling-url", "(not a URL)", "wss://", [](Settings *s) { s->signaling_url = "h.example"; }},
    {"stream-id", "", "", [](Settings *s) { s->stream_id = ""; }},
    {"media-types", "", "audio", [](Settings *s) { s->media_types = 0; }},
    {"audio-rate", "44100", "48000", [](Settings *s) { s->audio_rate = 44100; }},
    {"audio-rate", "0", "8000", [](Settings *s) { s->audio_rate = 0; }},
    {"audio-rate", "-1", "8000", [](Settings *s) { s->audio_rate = -1; }},
    {"audio-channels", "0", "1", [](Settings *s) { s->audio_channels = 0; }},
    {"audio-channels", "3", "2", [](Settings *s) { s->audio_channels = 3; }},
    {"audio-packet-duration", "0", "1000", [](Settings *s) { s->audio_packet_duration = 0; }},
    {"audio-packet-duration", "30", "1000", [](Settings *s) { s->audio_packet_duration = 30; }},
    {"audio-packet-duration", "1020", "1000", [](Settings *s) { s->audio_packet_duration = 1020; }},
    {"audio-packet-duration", "-20", "20", [](Settings *s) { s->audio_packet_duration = -20; }},
    {"video-fps", "0", "30", [](Settings *s) { s->video_fps = 0; }},
    {"video-fps", "31", "30", [](Settings *s) { s->video_fps = 31; }},
    {"video-fps", "-1", "30", [](Settings *s) { s->video_fps = -1; }},
    {"video-fps", "5", "h264", [](Settings *s) { s->video_fps = 5; }},
    {"video-fps", "25", "jpeg", [](Settings *s) { s->video_codec = (int) Codec::Jpeg; }},
    {"video-fps", "25", "png", [](Settings *s) { s->video_codec = (int) Codec::Png; }},
    {"screen-fps", "0", "30", [](Settings *s) { s->screen_fps = 0; }},
    {"screen-fps", "31", "30", [](Settings *s) { s->screen_fps = 31; }},
    {"screen-fps", "1", "h264", [](Settings *s) { s->screen_fps = 1; }},
    {"screen-fps", "15", "jpeg", [](Settings *s) { s->screen_codec = (int) Codec::Jpeg; }},
    {"screen-fps", "2", "need 1,",
     [](Settings *s) {
       s->screen_codec = (int) Codec::Png;
       s->screen_fps = 2;
     }},
    {"transcript-language", "-2", "36", [](Settings *s) { s->transcript_language = -2; }},
    {"transcript-language", "37", "36", [](Settings *s) { s->transcript_language = 37; }},
    {"proxy", "(not a URL)", "http://", [](Settings *s) { s->proxy = "no proxy"; }},
    // What breaks a line is not shown, either.
    {"user-agent", "control characters", "one line",
     [](Settings *s) { s->user_agent = "me/1\r\nX-Other: 1"; }},
};

// One clear text: the property, its value, what is valid.
GST_START_TEST(test_bad_value) {
  const auto &b = bad_values[__i__];
  Settings s = valid();
  s.media_types = 31;
  b.set(&s);
  auto result = session_config(s);
  const BadSetting *bad = std::get_if<BadSetting>(&result);
  fail_unless(bad != nullptr, "%s=%s was accepted", b.property, b.value);
  expect_contains(bad->text, b.property);
  expect_contains(bad->text, b.value);
  expect_contains(bad->text, b.is_valid);
  fail_unless(bad->text.find("s3cr3t") == std::string::npos);
}
GST_END_TEST;

GST_START_TEST(test_fps) {
  for (Codec codec : {Codec::H264, Codec::Jpeg, Codec::Png}) {
    for (int fps = -1; fps <= 32; fps++) {
      Settings video = valid(), screen = valid();
      video.video_codec = screen.screen_codec = (int) codec;
      video.video_fps = screen.screen_fps = fps;
      // The highest rate of pictures.
      const std::pair<Settings, int> kinds[] = {{video, 5}, {screen, 1}};
      for (const auto &[settings, most] : kinds) {
        const bool good = codec == Codec::H264 ? fps > most && fps <= 30 : fps >= 1 && fps <= most;
        fail_unless(std::holds_alternative<SessionConfig>(session_config(settings)) == good,
                    "%s at %d", codec_nick(codec), fps);
      }
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_languages) {
  for (int language = -1; language <= 36; language++) {
    Settings s = valid();
    s.transcript_language = language;
    auto result = session_config(s);
    const SessionConfig *config = std::get_if<SessionConfig>(&result);
    fail_unless(config != nullptr, "language %d", language);
    assert_equals_int(config->params.transcript.src_language, language);
  }
}
GST_END_TEST;

static const int rates[] = {-8000, 0, 1, 8000, 11025, 16000, 24000, 32000, 44100, 48000, 96000};

// Framing × codec × rate × channels × packet duration.
GST_START_TEST(test_audio_matrix) {
  Settings s = valid();
  const int rate = s.audio_rate = rates[__i__];
  for (ContentType framing : {ContentType::RawAudio, ContentType::Rtp}) {
    for (Codec codec : {Codec::L16, Codec::G711, Codec::G722, Codec::Opus}) {
      for (int channels = 0; channels <= 3; channels++) {
        for (int duration = -20; duration <= 1040; duration += 10) {
          s.audio_framing = (int) framing;
          s.audio_codec = (int) codec;
          s.audio_channels = channels;
          s.audio_packet_duration = duration;
          auto result = session_config(s);
          const SessionConfig *config = std::get_if<SessionConfig>(&result);
          fail_unless((config != nullptr) == in_table(framing, codec, rate, channels, duration),
                      "%s %s, %d Hz, %d channels, %d ms: %s",
                      framing == ContentType::Rtp ? "rtp" : "raw", codec_nick(codec), rate,
                      channels, duration, config ? "accepted" : "refused");
          if (!config) {
            expect_contains(std::get<BadSetting>(result).text, "audio-");
            continue;
          }
          const AudioParams &a = config->params.audio;
          fail_unless(a.content_type == framing && a.codec == codec);
          assert_equals_int(a.rate_hz, rate);
          assert_equals_int(a.channels, channels);
          assert_equals_int(a.send_rate_ms, duration);
        }
      }
    }
  }
}
GST_END_TEST;

static const struct {
  ContentType framing;
  Codec codec;
  int rate, channels, duration;
  const char *property, *is_valid;
} combinations[] = {
    {ContentType::RawAudio, Codec::Opus, 16000, 1, 20, "audio-rate", "48000"},
    {ContentType::Rtp, Codec::Opus, 8000, 2, 20, "audio-rate", "48000"},
    {ContentType::RawAudio, Codec::Opus, 48000, 1, 40, "audio-packet-duration", "20"},
    {ContentType::RawAudio, Codec::G711, 16000, 1, 20, "audio-rate", "8000"},
    {ContentType::RawAudio, Codec::G711, 8000, 2, 20, "audio-channels", "1"},
    {ContentType::Rtp, Codec::G722, 8000, 1, 20, "audio-rate", "16000"},
    {ContentType::RawAudio, Codec::G722, 16000, 2, 20, "audio-channels", "1"},
    {ContentType::Rtp, Codec::L16, 16000, 1, 20, "audio-framing", "raw"},
};

// Each value is good, together they are not: the valid ones are in the message.
GST_START_TEST(test_audio_combination) {
  const auto &c = combinations[__i__];
  Settings s = valid();
  s.audio_framing = (int) c.framing;
  s.audio_codec = (int) c.codec;
  s.audio_rate = c.rate;
  s.audio_channels = c.channels;
  s.audio_packet_duration = c.duration;
  auto result = session_config(s);
  const BadSetting *bad = std::get_if<BadSetting>(&result);
  fail_unless(bad != nullptr);
  expect_contains(bad->text, c.property);
  expect_contains(bad->text, c.is_valid);
  expect_contains(bad->text, codec_nick(c.codec));
}
GST_END_TEST;

static Suite *settings_bad_suite(void) {
  Suite *suite = suite_create("settings_bad");
  TCase *tc = tcase_create("values");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_bad_value, 0, (int) G_N_ELEMENTS(bad_values));
  tcase_add_test(tc, test_fps);
  tcase_add_test(tc, test_languages);
  tcase_add_loop_test(tc, test_audio_matrix, 0, (int) G_N_ELEMENTS(rates));
  tcase_add_loop_test(tc, test_audio_combination, 0, (int) G_N_ELEMENTS(combinations));
  return suite;
}

GST_CHECK_MAIN(settings_bad)

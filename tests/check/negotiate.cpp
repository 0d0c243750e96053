// SPDX-License-Identifier: LGPL-2.1-or-later
// What was asked for + what message 4 echoed → what will come.
#include "session/negotiate.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

namespace {

using Field = std::optional<int64_t> NegotiatedParams::*;
const int64_t kWrap = G_GINT64_CONSTANT(1) << 32;

void expect_clean(const Negotiation &n, const char *what) {
  fail_unless(n.problem.empty(), "%s: problem: %s", what, n.problem.c_str());
  fail_unless(n.changes.empty(), "%s: changes: %s", what, n.changes.c_str());
}

void expect_audio(const AudioParams &got, const AudioParams &want) {
  fail_unless(got.content_type == want.content_type);
  fail_unless(got.codec == want.codec);
  assert_equals_int(got.rate_hz, want.rate_hz);
  assert_equals_int(got.channels, want.channels);
  fail_unless(got.data_opt == want.data_opt);
  assert_equals_int(got.send_rate_ms, want.send_rate_ms);
}

void expect_video(const VideoParams &got, const VideoParams &want) {
  fail_unless(got.content_type == want.content_type);
  fail_unless(got.codec == want.codec);
  fail_unless(got.resolution == want.resolution);
  assert_equals_int(got.fps, want.fps);
  fail_unless(got.data_opt == want.data_opt);
}

// Something other than the defaults everywhere.
MediaParams unusual() {
  MediaParams p;
  p.audio = {ContentType::Rtp, Codec::Opus, 48000, 2, DataOpt::AudioMulti, 20};
  p.video = {ContentType::RawVideo, Codec::Jpeg, Resolution::Qhd, 3, DataOpt::VideoIndividual};
  p.screen = {ContentType::RawVideo, Codec::Png, Resolution::Fhd, 1, DataOpt::VideoActiveSpeaker};
  return p;
}

NegotiatedParams with(Field field, int64_t value) {
  NegotiatedParams answer;
  answer.*field = value;
  return answer;
}

const VideoParams &video_of(const MediaParams &p, Media media) {
  return media == Media::Screen ? p.screen : p.video;
}

}  // namespace

// Nothing echoed: what was asked for.
GST_START_TEST(test_no_echo) {
  for (const MediaParams &asked : {MediaParams(), unusual()}) {
    for (Media media : kAllMedia) {
      Negotiation n = negotiate(media, asked, NegotiatedParams());
      expect_clean(n, media_nick(media));
      if (media == Media::Audio)
        expect_audio(n.params.audio, asked.audio);
      if (media == Media::Video || media == Media::Screen)
        expect_video(video_of(n.params, media), video_of(asked, media));
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_same_echo) {
  const MediaParams asked;
  NegotiatedParams audio;
  audio.content_type = 2;
  audio.codec = 1;
  audio.sample_rate = 1;
  audio.channels = 1;
  audio.data_opt = 1;
  audio.send_rate = 20;
  Negotiation n = negotiate(Media::Audio, asked, audio);
  expect_clean(n, "audio");
  expect_audio(n.params.audio, asked.audio);
  for (Media media : {Media::Video, Media::Screen}) {
    NegotiatedParams video;
    video.content_type = 3;
    video.codec = 7;
    video.resolution = 2;
    video.fps = media == Media::Video ? 25 : 15;
    video.data_opt = 3;
    n = negotiate(media, asked, video);
    expect_clean(n, media_nick(media));
    expect_video(video_of(n.params, media), video_of(asked, media));
  }
}
GST_END_TEST;

static const struct {
  Field field;
  int64_t value;
  int want;
  int (*get)(const AudioParams &);
} audio_changes[] = {
    {&NegotiatedParams::codec, 4, 4, [](const AudioParams &p) { return (int) p.codec; }},
    {&NegotiatedParams::sample_rate, 0, 8000, [](const AudioParams &p) { return p.rate_hz; }},
    {&NegotiatedParams::sample_rate, 2, 32000, [](const AudioParams &p) { return p.rate_hz; }},
    {&NegotiatedParams::sample_rate, 3, 48000, [](const AudioParams &p) { return p.rate_hz; }},
    {&NegotiatedParams::channels, 2, 2, [](const AudioParams &p) { return p.channels; }},
    {&NegotiatedParams::data_opt, 1, 1, [](const AudioParams &p) { return (int) p.data_opt; }},
    {&NegotiatedParams::send_rate, 40, 40, [](const AudioParams &p) { return p.send_rate_ms; }},
};

// One member echoed with another value: it is taken and told, the others stay.
GST_START_TEST(test_audio_change) {
  const auto &c = audio_changes[__i__];
  MediaParams asked;
  asked.audio.data_opt = DataOpt::AudioMulti;
  Negotiation n = negotiate(Media::Audio, asked, with(c.field, c.value));
  fail_unless(n.problem.empty(), "problem: %s", n.problem.c_str());
  assert_equals_int(c.get(n.params.audio), c.want);
  fail_if(n.changes.empty(), "not told");
}
GST_END_TEST;

// L16 of content type 1 means raw: nothing is less than what was asked for. Others change the caps.
GST_START_TEST(test_raw_by_another_name) {
  NegotiatedParams answer;
  answer.content_type = 1;
  const MediaParams asked;
  const Negotiation raw = negotiate(Media::Audio, asked, answer);
  fail_unless(raw.problem.empty() && raw.changes.empty(), "%s", raw.changes.c_str());
  answer.codec = 4;
  const Negotiation rtp = negotiate(Media::Audio, asked, answer);
  fail_unless(rtp.changes.find("content_type 1") != std::string::npos, "%s", rtp.changes.c_str());
}
GST_END_TEST;

static const struct {
  Field field;
  int64_t value;
  int (*get)(const VideoParams &);
} video_changes[] = {
    {&NegotiatedParams::codec, 5, [](const VideoParams &p) { return (int) p.codec; }},
    {&NegotiatedParams::codec, 6, [](const VideoParams &p) { return (int) p.codec; }},
    {&NegotiatedParams::resolution, 1, [](const VideoParams &p) { return (int) p.resolution; }},
    {&NegotiatedParams::resolution, 4, [](const VideoParams &p) { return (int) p.resolution; }},
    {&NegotiatedParams::fps, 10, [](const VideoParams &p) { return p.fps; }},
    {&NegotiatedParams::fps, 30, [](const VideoParams &p) { return p.fps; }},
};

GST_START_TEST(test_video_change) {
  const auto &c = video_changes[__i__];
  for (Media media : {Media::Video, Media::Screen}) {
    Negotiation n = negotiate(media, MediaParams(), with(c.field, c.value));
    fail_unless(n.problem.empty(), "problem: %s", n.problem.c_str());
    assert_equals_int(c.get(video_of(n.params, media)), (int) c.value);
    fail_if(n.changes.empty(), "not told");
  }
}
GST_END_TEST;

GST_START_TEST(test_partial) {
  MediaParams asked = unusual();
  NegotiatedParams answer;
  answer.channels = 1;
  answer.codec = 4;
  Negotiation n = negotiate(Media::Audio, asked, answer);
  fail_unless(n.problem.empty(), "problem: %s", n.problem.c_str());
  fail_if(n.changes.empty());
  asked.audio.channels = 1;
  expect_audio(n.params.audio, asked.audio);
}
GST_END_TEST;

// The document's two examples, in words that a user knows.
GST_START_TEST(test_words) {
  MediaParams asked;
  asked.audio.data_opt = DataOpt::AudioMulti;
  Negotiation n = negotiate(Media::Audio, asked, with(&NegotiatedParams::data_opt, 1));
  fail_unless(n.changes.find("mixed") != std::string::npos, "%s", n.changes.c_str());
  fail_unless(n.changes.find("participant") != std::string::npos, "%s", n.changes.c_str());
  n = negotiate(Media::Video, MediaParams(), with(&NegotiatedParams::codec, 5));
  fail_unless(n.changes.find("h264") != std::string::npos, "%s", n.changes.c_str());
  fail_unless(n.changes.find("jpeg") != std::string::npos, "%s", n.changes.c_str());
  n = negotiate(Media::Audio, MediaParams(), with(&NegotiatedParams::sample_rate, 3));
  fail_unless(n.changes.find("48") != std::string::npos, "%s", n.changes.c_str());
  fail_unless(n.changes.find("16") != std::string::npos, "%s", n.changes.c_str());
}
GST_END_TEST;

static const struct {
  Media media;
  Field field;
  int64_t value;
} problems[] = {
    {Media::Audio, &NegotiatedParams::codec, 0},
    {Media::Audio, &NegotiatedParams::codec, 5},
    {Media::Audio, &NegotiatedParams::codec, 7},
    {Media::Audio, &NegotiatedParams::codec, 99},
    {Media::Audio, &NegotiatedParams::codec, -1},
    {Media::Audio, &NegotiatedParams::codec, kWrap + 1},
    {Media::Audio, &NegotiatedParams::sample_rate, -1},
    {Media::Audio, &NegotiatedParams::sample_rate, 4},
    {Media::Audio, &NegotiatedParams::sample_rate, 44100},
    {Media::Audio, &NegotiatedParams::sample_rate, kWrap + 1},
    {Media::Audio, &NegotiatedParams::channels, 0},
    {Media::Audio, &NegotiatedParams::channels, 3},
    {Media::Audio, &NegotiatedParams::channels, -1},
    {Media::Audio, &NegotiatedParams::channels, kWrap + 1},
    {Media::Video, &NegotiatedParams::codec, 1},
    {Media::Video, &NegotiatedParams::codec, 8},
    {Media::Video, &NegotiatedParams::codec, kWrap + 7},
    {Media::Screen, &NegotiatedParams::codec, 4},
    {Media::Screen, &NegotiatedParams::codec, 0},
};

GST_START_TEST(test_problem) {
  const auto &p = problems[__i__];
  Negotiation n = negotiate(p.media, MediaParams(), with(p.field, p.value));
  fail_if(n.problem.empty(), "%s: value %d was taken", media_nick(p.media), (int) p.value);
}
GST_END_TEST;

static const struct {
  Media media;
  Field field;
} ignorable[] = {
    {Media::Audio, &NegotiatedParams::content_type},
    {Media::Audio, &NegotiatedParams::data_opt},
    {Media::Audio, &NegotiatedParams::send_rate},
    {Media::Audio, &NegotiatedParams::resolution},
    {Media::Audio, &NegotiatedParams::fps},
    {Media::Video, &NegotiatedParams::content_type},
    {Media::Video, &NegotiatedParams::data_opt},
    {Media::Video, &NegotiatedParams::resolution},
    {Media::Video, &NegotiatedParams::fps},
    {Media::Video, &NegotiatedParams::channels},
    {Media::Screen, &NegotiatedParams::data_opt},
    {Media::Screen, &NegotiatedParams::resolution},
    {Media::Screen, &NegotiatedParams::fps},
    {Media::Screen, &NegotiatedParams::sample_rate},
};

// Where a value means nothing to us, what was asked for stays.
GST_START_TEST(test_ignored) {
  const auto &i = ignorable[__i__];
  for (int64_t value : {int64_t(-7), kWrap + 2, INT64_MAX, INT64_MIN}) {
    const MediaParams asked = unusual();
    Negotiation n = negotiate(i.media, asked, with(i.field, value));
    fail_unless(n.problem.empty(), "problem: %s", n.problem.c_str());
    if (i.media == Media::Audio)
      expect_audio(n.params.audio, asked.audio);
    else
      expect_video(video_of(n.params, i.media), video_of(asked, i.media));
  }
}
GST_END_TEST;

GST_START_TEST(test_text_media) {
  NegotiatedParams answer;
  answer.content_type = 5;
  answer.codec = 99;
  for (Media media : {Media::Transcript, Media::Chat})
    expect_clean(negotiate(media, MediaParams(), answer), media_nick(media));
}
GST_END_TEST;

static Suite *negotiate_suite(void) {
  Suite *suite = suite_create("negotiate");
  TCase *tc = tcase_create("negotiate");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_no_echo);
  tcase_add_test(tc, test_same_echo);
  tcase_add_loop_test(tc, test_audio_change, 0, (int) G_N_ELEMENTS(audio_changes));
  tcase_add_test(tc, test_raw_by_another_name);
  tcase_add_loop_test(tc, test_video_change, 0, (int) G_N_ELEMENTS(video_changes));
  tcase_add_test(tc, test_partial);
  tcase_add_test(tc, test_words);
  tcase_add_loop_test(tc, test_problem, 0, (int) G_N_ELEMENTS(problems));
  tcase_add_loop_test(tc, test_ignored, 0, (int) G_N_ELEMENTS(ignorable));
  tcase_add_test(tc, test_text_media);
  return suite;
}

GST_CHECK_MAIN(negotiate)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Negotiated parameters → caps.
#include "media/caps.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

namespace {

AudioParams audio(ContentType framing, Codec codec, int rate, int channels) {
  AudioParams p;
  p.content_type = framing;
  p.codec = codec;
  p.rate_hz = rate;
  p.channels = channels;
  return p;
}

// `want` says what must be in the caps; they may say more, but nothing open.
void expect_caps(const CapsPtr &got, const std::string &want) {
  fail_unless(got != nullptr, "no caps for %s", want.c_str());
  StringPtr text(gst_caps_to_string(got.get()));
  fail_unless(gst_caps_is_fixed(got.get()), "not fixed: %s", text.get());
  CapsPtr expected(gst_caps_from_string(want.c_str()));
  fail_unless(expected != nullptr, "bad test: %s", want.c_str());
  fail_unless(gst_caps_is_subset(got.get(), expected.get()), "got %s, expected %s", text.get(),
              want.c_str());
}

}  // namespace

static const struct {
  ContentType framing;
  Codec codec;
  int rate, channels;
  const char *caps;
} audios[] = {
    {ContentType::RawAudio, Codec::L16, 8000, 1,
     "audio/x-raw,format=S16LE,layout=interleaved,rate=8000,channels=1"},
    {ContentType::RawAudio, Codec::L16, 16000, 1,
     "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1"},
    {ContentType::RawAudio, Codec::L16, 32000, 2,
     "audio/x-raw,format=S16LE,layout=interleaved,rate=32000,channels=2"},
    {ContentType::RawAudio, Codec::L16, 48000, 2,
     "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2"},
    {ContentType::RawAudio, Codec::G711, 8000, 1, "audio/x-alaw,rate=8000,channels=1"},
    {ContentType::RawAudio, Codec::G722, 16000, 1, "audio/G722,rate=16000,channels=1"},
    {ContentType::RawAudio, Codec::Opus, 48000, 1,
     "audio/x-opus,channel-mapping-family=0,rate=48000,channels=1"},
    {ContentType::RawAudio, Codec::Opus, 48000, 2,
     "audio/x-opus,channel-mapping-family=0,rate=48000,channels=2"},
    // RFC 3551: the RTP clock of G.722 is 8 kHz. RFC 7587: that of Opus is 48 kHz.
    {ContentType::Rtp, Codec::G711, 8000, 1,
     "application/x-rtp,media=audio,encoding-name=PCMA,clock-rate=8000"},
    {ContentType::Rtp, Codec::G722, 16000, 1,
     "application/x-rtp,media=audio,encoding-name=G722,clock-rate=8000"},
    {ContentType::Rtp, Codec::Opus, 48000, 1,
     "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000"},
    {ContentType::Rtp, Codec::Opus, 48000, 2,
     "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000"},
};

GST_START_TEST(test_audio) {
  const auto &a = audios[__i__];
  AudioParams params = audio(a.framing, a.codec, a.rate, a.channels);
  expect_caps(audio_caps(params), a.caps);
  // Who speaks and how long a packet is changes nothing.
  params.data_opt = DataOpt::AudioMulti;
  params.send_rate_ms = 1000;
  expect_caps(audio_caps(params), a.caps);
}
GST_END_TEST;

// What the depayloaders of GStreamer take.
GST_START_TEST(test_rtp_payload_type) {
  static const struct {
    Codec codec;
    int rate, fixed;
  } codecs[] = {{Codec::G711, 8000, 8}, {Codec::G722, 16000, 9}, {Codec::Opus, 48000, -1}};
  for (const auto &c : codecs) {
    CapsPtr caps = audio_caps(audio(ContentType::Rtp, c.codec, c.rate, 1));
    int payload = 0;
    if (!gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "payload", &payload))
      continue;
    fail_unless(payload == c.fixed || (payload >= 96 && payload <= 127), "payload type %d for %s",
                payload, codec_nick(c.codec));
  }
}
GST_END_TEST;

static const struct {
  Codec codec;
  const char *caps;
} videos[] = {
    {Codec::H264, "video/x-h264,stream-format=byte-stream,alignment=au"},
    {Codec::Jpeg, "image/jpeg"},
    {Codec::Png, "image/png"},
};

GST_START_TEST(test_video) {
  const auto &v = videos[__i__];
  for (Resolution r : {Resolution::Sd, Resolution::Hd, Resolution::Fhd, Resolution::Qhd}) {
    VideoParams params;
    params.codec = v.codec;
    params.resolution = r;
    params.fps = v.codec == Codec::H264 ? 30 : 5;
    CapsPtr caps = video_caps(params, std::nullopt);
    expect_caps(caps, v.caps);
    // The size changes within a stream (at a keyframe), and SD has two.
    const GstStructure *s = gst_caps_get_structure(caps.get(), 0);
    fail_if(gst_structure_has_field(s, "width") || gst_structure_has_field(s, "height"));
  }
}
GST_END_TEST;

GST_START_TEST(test_text) {
  expect_caps(transcript_caps(false, false), "text/x-raw,format=utf8");
  expect_caps(transcript_caps(false, true), "text/x-raw,format=pango-markup");
  expect_caps(transcript_caps(true, false), "application/x-json");
  expect_caps(chat_caps(), "application/x-json");
}
GST_END_TEST;

static Suite *caps_suite(void) {
  Suite *suite = suite_create("caps");
  TCase *tc = tcase_create("caps");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_audio, 0, (int) G_N_ELEMENTS(audios));
  tcase_add_test(tc, test_rtp_payload_type);
  tcase_add_loop_test(tc, test_video, 0, (int) G_N_ELEMENTS(videos));
  tcase_add_test(tc, test_text);
  return suite;
}

GST_CHECK_MAIN(caps)

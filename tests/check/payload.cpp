// SPDX-License-Identifier: LGPL-2.1-or-later
// Payloads → buffers: base64, durations, keyframes, capture times.
#include "media/decode.h"

#include "gst_check.h"

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

using namespace rtms;

namespace {

// In memory of exactly its size, so that reading beyond its end is found.
BufferPtr decode(const std::string &text) {
  std::vector<char> exact(text.begin(), text.end());
  exact.shrink_to_fit();
  return decode_base64(std::string_view(exact.data(), exact.size()));
}

std::string content(GstBuffer *buffer) {
  std::string bytes(gst_buffer_get_size(buffer), '\0');
  assert_equals_uint64(gst_buffer_extract(buffer, 0, &bytes[0], bytes.size()), bytes.size());
  return bytes;
}

BufferPtr buffer_of(const std::string &bytes) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, bytes.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, bytes.data(), bytes.size());
  return buffer;
}

void expect_bytes(const BufferPtr &buffer, const std::string &want, const std::string &text) {
  fail_unless(buffer != nullptr, "refused: '%s'", text.c_str());
  fail_unless(content(buffer.get()) == want, "'%s' is wrong", text.c_str());
}

}  // namespace

static const struct {
  const char *text, *bytes;
  size_t size;
} valids[] = {
    // RFC 4648 §10, and all values of a sextet.
    {"Zg==", "f", 1},
    {"Zm8=", "fo", 2},
    {"Zm9v", "foo", 3},
    {"Zm9vYg==", "foob", 4},
    {"Zm9vYmE=", "fooba", 5},
    {"Zm9vYmFy", "foobar", 6},
    // Without padding.
    {"Zg", "f", 1},
    {"Zm8", "fo", 2},
    {"Zm9vYg", "foob", 4},
    {"Zm9vYmE", "fooba", 5},
    {"AA==", "\0", 1},
    {"AAA=", "\0\0", 2},
    {"AAAA", "\0\0\0", 3},
    {"/w==", "\xff", 1},
    {"//8=", "\xff\xff", 2},
    {"////", "\xff\xff\xff", 3},
    {"++++", "\xfb\xef\xbe", 3},
    {"FPucA9l+", "\x14\xfb\x9c\x03\xd9\x7e", 6},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
     "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61\x96\x9b\x71"
     "\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e"
     "\xbb\xf3\xdf\xbf",
     48},
};

GST_START_TEST(test_base64) {
  const auto &v = valids[__i__];
  expect_bytes(decode(v.text), std::string(v.bytes, v.size), v.text);
}
GST_END_TEST;

static const char *const invalids[] = {
    "",
    "A",
    "ABCDE",
    "A=",
    "AB=",
    "A===",
    "====",
    "=",
    "==",
    "===",
    "=AAA",
    "A=AA",
    "AA=A",
    "==AA",
    "AA==AAAA",
    "AAA=AAAA",
    "AA==AA==",
    "AAAA====",
    "AAAAA===",
    "AAAA=",
    "AAAA==",
    " AAAA",
    "AAAA ",
    "AAAA\n",
    "AA AA",
    "AA\r\nAA",
    "AA\nA",
    "\tAAA",
    "AAA ",
    "AA= ",
    "AA =",
    "AA==\n",
    "AAAA\r\n",
    "AA-A",
    "AA_A",
    "----",
    "____",
    "AA.A",
    "AA,A",
    "AA\"A",
    "AA\\/",
    "AA%3",
    "\xff\xff\xff\xff",
    "AAA\x80",
    "\xc3\xa9"
    "AA",
    "AA\x7f"
    "A",
};

GST_START_TEST(test_not_base64) {
  BufferPtr buffer = decode(invalids[__i__]);
  fail_unless(buffer == nullptr, "accepted: '%s'", invalids[__i__]);
}
GST_END_TEST;

// Each byte that is not of the alphabet, in each place.
GST_START_TEST(test_bad_bytes) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int byte = 0; byte < 256; byte++) {
    const bool good = byte != 0 && strchr(alphabet, byte) != nullptr;
    for (size_t at = 0; at < 12; at++) {
      if (byte == '=' && at == 11)
        continue;
      std::string text = "QUJDREVGR0hJ";
      text[at] = (char) byte;
      BufferPtr buffer = decode(text);
      fail_unless((buffer != nullptr) == good, "byte 0x%02x at %d", byte, (int) at);
    }
  }
}
GST_END_TEST;

// Bits that no byte uses: RFC 4648 §3.5 leaves it open whether to refuse them.
GST_START_TEST(test_non_canonical) {
  static const struct {
    const char *text, *bytes;
  } texts[] = {{"QR==", "A"}, {"Qf==", "A"}, {"QUJ=", "AB"}, {"QUL=", "AB"}, {"QUJDQR==", "ABCA"}};
  for (const auto &t : texts) {
    BufferPtr buffer = decode(t.text);
    if (buffer)
      expect_bytes(buffer, t.bytes, t.text);
  }
}
GST_END_TEST;

GST_START_TEST(test_base64_random) {
  GRand *rand = g_rand_new_with_seed(7);
  for (int round = 0; round < 700; round++) {
    const size_t size = round < 300 ? round + 1 : 1 + g_rand_int_range(rand, 0, 20000);
    std::vector<guchar> bytes(size);
    for (guchar &b : bytes)
      b = (guchar) g_rand_int(rand);
    StringPtr text(g_base64_encode(bytes.data(), bytes.size()));
    gsize length = 0;
    guchar *want = g_base64_decode(text.get(), &length);
    BufferPtr buffer = decode(text.get());
    fail_unless(buffer != nullptr);
    assert_equals_uint64(gst_buffer_get_size(buffer.get()), length);
    fail_unless(gst_buffer_memcmp(buffer.get(), 0, want, length) == 0, "size %u", (unsigned) size);
    // Cut short, it is refused, or what there is is right.
    std::string cut(text.get());
    cut.resize(cut.size() - 1 - (size_t) g_rand_int_range(rand, 0, 3));
    if (BufferPtr part = decode(cut)) {
      const size_t left = gst_buffer_get_size(part.get());
      fail_unless(left < length + 1 && cut.find('=') == std::string::npos);
      fail_unless(gst_buffer_memcmp(part.get(), 0, want, left) == 0, "cut size %u",
                  (unsigned) size);
    }
    g_free(want);
  }
  g_rand_free(rand);
}
GST_END_TEST;

GST_START_TEST(test_base64_large) {
  std::string text, want;
  for (int i = 0; i < 500000; i++) {
    text += "QUJD";
    want += "ABC";
  }
  expect_bytes(decode(text), want, "large");
  text[1999998] = '=';
  fail_unless(decode(text) == nullptr);
}
GST_END_TEST;

// Each byte at each place of a text that is long enough for what decodes many at once.
GST_START_TEST(test_each_byte_everywhere) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = alphabet + alphabet.substr(20) + "AAAA";
  for (size_t at = 0; at < text.size(); at++) {
    for (int byte = 0; byte < 256; byte++) {
      const char was = text[at];
      text[at] = static_cast<char>(byte);
      const bool is_valid = memchr(alphabet.data(), byte, alphabet.size()) != nullptr ||
                            (byte == '=' && at == text.size() - 1);
      BufferPtr buffer = decode(text);
      fail_unless((buffer != nullptr) == is_valid, "byte 0x%02x at %zu", byte, at);
      if (buffer) {
        gsize size = 0;
        std::unique_ptr<guchar, FreeWith<g_free>> want(g_base64_decode(text.c_str(), &size));
        expect_bytes(buffer, std::string(reinterpret_cast<char *>(want.get()), size), "decoded");
      }
      text[at] = was;
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_text_buffer) {
  for (const char *text : {"Hello.", "Zoë 🎥", "x", "a\nb"}) {
    std::string copy(text);
    BufferPtr buffer = text_buffer(copy);
    copy.assign(copy.size(), '?');
    expect_bytes(buffer, text, text);
  }
}
GST_END_TEST;

static const struct {
  ContentType framing;
  Codec codec;
  int rate, channels;
  size_t size;
  GstClockTime duration;
} durations[] = {
    {ContentType::RawAudio, Codec::L16, 16000, 1, 640, 20 * GST_MSECOND},
    {ContentType::RawAudio, Codec::L16, 8000, 1, 320, 20 * GST_MSECOND},
    {ContentType::RawAudio, Codec::L16, 48000, 2, 3840, 20 * GST_MSECOND},
    {ContentType::RawAudio, Codec::L16, 32000, 2, 128000, GST_SECOND},
    {ContentType::RawAudio, Codec::L16, 48000, 1, 2, 20833},
    {ContentType::RawAudio, Codec::L16, 16000, 1, 0, 0},
    {ContentType::RawAudio, Codec::G711, 8000, 1, 160, 20 * GST_MSECOND},
    {ContentType::RawAudio, Codec::G711, 8000, 1, 1, 125 * GST_USECOND},
    {ContentType::RawAudio, Codec::G722, 16000, 1, 160, 20 * GST_MSECOND},
    {ContentType::RawAudio, Codec::G722, 16000, 1, 8000, GST_SECOND},
};

GST_START_TEST(test_duration) {
  const auto &d = durations[__i__];
  AudioParams params;
  params.content_type = d.framing;
  params.codec = d.codec;
  params.rate_hz = d.rate;
  params.channels = d.channels;
  BufferPtr buffer = buffer_of(std::string(d.size, '\x55'));
  const GstClockTime got = audio_duration(params, buffer.get());
  if (d.size == 0)  // nothing lasts no time, or does not tell
    fail_unless(got == 0 || got == GST_CLOCK_TIME_NONE);
  else
    fail_unless(got >= d.duration && got <= d.duration + 1, "got %" G_GUINT64_FORMAT, got);
}
GST_END_TEST;

// RFC 6716 §3.1: 4 configurations of each SILK and CELT mode, 2 of each hybrid one.
static GstClockTime opus_frame(int config) {
  static const int silk[] = {10000, 20000, 40000, 60000}, hybrid[] = {10000, 20000},
                   celt[] = {2500, 5000, 10000, 20000};
  const int us = config < 12   ? silk[config % 4]
                 : config < 16 ? hybrid[config % 2]
                               : celt[config % 4];
  return us * GST_USECOND;
}

GST_START_TEST(test_opus_duration) {
  const int config = __i__;
  AudioParams params;
  params.codec = Codec::Opus;
  params.rate_hz = 48000;
  for (int stereo = 0; stereo < 2; stereo++) {
    params.channels = 1 + stereo;
    const GstClockTime frame = opus_frame(config);
    for (int code = 0; code < 3; code++) {
      const char toc = (char) (config << 3 | stereo << 2 | code);
      BufferPtr buffer = buffer_of(std::string(1, toc) + std::string(40, '\x01'));
      const GstClockTime want = frame * (code ? 2 : 1);
      assert_equals_uint64(audio_duration(params, buffer.get()), want);
    }
    const char toc = (char) (config << 3 | stereo << 2 | 3);
    for (int count = 0; count < 64; count++) {
      for (int flags : {0, 0x40, 0x80, 0xc0}) {  // padding, VBR
        std::string packet(60, '\x01');
        packet[0] = toc;
        packet[1] = (char) (count | flags);
        BufferPtr buffer = buffer_of(packet);
        const GstClockTime got = audio_duration(params, buffer.get());
        // R5: at least one frame, no more than 120 ms.
        const bool valid = count > 0 && frame * count <= 120 * GST_MSECOND;
        const GstClockTime want = valid ? frame * count : GST_CLOCK_TIME_NONE;
        fail_unless(got == want, "config %d, %d frames: %" G_GUINT64_FORMAT, config, count, got);
      }
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_opus_damaged) {
  AudioParams params;
  params.codec = Codec::Opus;
  params.rate_hz = 48000;
  BufferPtr empty(gst_buffer_new());
  fail_unless(audio_duration(params, empty.get()) == GST_CLOCK_TIME_NONE);
  BufferPtr no_count = buffer_of("\x03");
  fail_unless(audio_duration(params, no_count.get()) == GST_CLOCK_TIME_NONE);
  BufferPtr dtx = buffer_of("\x78");  // config 15: hybrid, 20 ms; a frame of no bytes
  assert_equals_uint64(audio_duration(params, dtx.get()), 20 * GST_MSECOND);
}
GST_END_TEST;

// An RTP header is not media: it may be looked through, but not counted.
GST_START_TEST(test_rtp_duration) {
  static const struct {
    Codec codec;
    int rate;
  } codecs[] = {{Codec::G711, 8000}, {Codec::G722, 16000}, {Codec::Opus, 48000}};
  for (const auto &c : codecs) {
    AudioParams params;
    params.content_type = ContentType::Rtp;
    params.codec = c.codec;
    params.rate_hz = c.rate;
    std::string packet("\x80\x60\0\1\0\0\0\1\0\0\0\1", 12);
    packet += std::string(160, '\x78');
    BufferPtr buffer = buffer_of(packet);
    const GstClockTime got = audio_duration(params, buffer.get());
    fail_unless(got == GST_CLOCK_TIME_NONE || got == 20 * GST_MSECOND, "%s: %" G_GUINT64_FORMAT,
                codec_nick(c.codec), got);
    fail_unless(audio_is_whole(params, buffer.get()));
    buffer = buffer_of(std::string("\x80", 1));
    audio_duration(params, buffer.get());
  }
}
GST_END_TEST;

GST_START_TEST(test_whole) {
  AudioParams params;
  for (int channels : {1, 2}) {
    params.channels = channels;
    for (size_t size = 1; size < 20; size++) {
      BufferPtr buffer = buffer_of(std::string(size, 'x'));
      fail_unless(audio_is_whole(params, buffer.get()) == (size % (2 * channels) == 0),
                  "%d channels, %d bytes", channels, (int) size);
    }
  }
  params.channels = 1;
  BufferPtr odd = buffer_of("xxx");
  for (Codec codec : {Codec::G711, Codec::G722, Codec::Opus}) {
    params.codec = codec;
    fail_unless(audio_is_whole(params, odd.get()));
  }
}
GST_END_TEST;

GST_START_TEST(test_capture_time) {
  CapsPtr caps(gst_caps_new_empty_simple("timestamp/x-unix"));
  for (GstClockTime duration : {GstClockTime(20 * GST_MSECOND), GST_CLOCK_TIME_NONE}) {
    for (gint64 ms : {G_GINT64_CONSTANT(1738392033699), G_GINT64_CONSTANT(1)}) {
      BufferPtr buffer = buffer_of("x");
      add_capture_time(buffer.get(), ms, duration);
      GstReferenceTimestampMeta *meta =
          gst_buffer_get_reference_timestamp_meta(buffer.get(), caps.get());
      fail_unless(meta != nullptr);
      assert_equals_uint64(meta->timestamp, (guint64) ms * GST_MSECOND);
      assert_equals_uint64(meta->duration, duration);
      assert_equals_string(gst_structure_get_name(gst_caps_get_structure(meta->reference, 0)),
                           "timestamp/x-unix");
    }
  }
}
GST_END_TEST;

static Suite *payload_suite(void) {
  Suite *suite = suite_create("payload");
  TCase *tc = tcase_create("base64");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_base64, 0, (int) G_N_ELEMENTS(valids));
  tcase_add_loop_test(tc, test_not_base64, 0, (int) G_N_ELEMENTS(invalids));
  tcase_add_test(tc, test_bad_bytes);
  tcase_add_test(tc, test_non_canonical);
  tcase_add_test(tc, test_base64_random);
  tcase_add_test(tc, test_base64_large);
  tcase_add_test(tc, test_each_byte_everywhere);
  tcase_add_test(tc, test_text_buffer);
  tc = tcase_create("audio");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_duration, 0, (int) G_N_ELEMENTS(durations));
  tcase_add_loop_test(tc, test_opus_duration, 0, 32);
  tcase_add_test(tc, test_opus_damaged);
  tcase_add_test(tc, test_rtp_duration);
  tcase_add_test(tc, test_whole);
  tc = tcase_create("meta");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_capture_time);
  return suite;
}

GST_CHECK_MAIN(payload)

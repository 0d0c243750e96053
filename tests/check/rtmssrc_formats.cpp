// SPDX-License-Identifier: LGPL-2.1-or-later
// Payloads that are not what was negotiated: the caps follow what they plainly are.
#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

Bytes bytes_of(const std::string &text) {
  return Bytes(text.begin(), text.end());
}

Bytes jpeg() {
  return bytes_of(
      std::string("\xff\xd8\xff\xe0\0\x04xx\xff\xc0\0\x11\x08\0\x10\0\x20\3\1\x22\0\xff\xd9", 24));
}

Bytes png() {
  return bytes_of(std::string("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\5\0\0\0\2\xd0\x08\2\0\0\0", 29));
}

// An access unit of an encoder with intra refresh: parameter sets, a recovery point, an I slice.
Bytes recovery_point() {
  constexpr char kUnit[] =
      "\0\0\0\1\x67\x42\xc0\x1f\xda\1\x40\x16\xe4\0\0\0\1\x68\xce\x3c\x80"
      "\0\0\0\1\6\6\1\xc4\x80\0\0\0\1\x41\x88\x84\x21\xff\xff";
  return bytes_of(std::string(kUnit, sizeof kUnit - 1));
}

struct Delivered {
  std::string caps;  // media type of the caps that the buffer came under
  Bytes bytes;
  bool discont;
};

std::vector<Delivered> delivered(const PadRecord &pad) {
  std::vector<Delivered> all;
  std::string caps;
  std::size_t events = 0, packets = 0;
  for (char what : pad.order) {
    if (what == 'B') {
      const Packet &packet = pad.packets[packets++];
      all.push_back({caps, packet.bytes, packet.has(GST_BUFFER_FLAG_DISCONT)});
      continue;
    }
    GstEvent *event = pad.events[events++].get();
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
      continue;
    GstCaps *now = nullptr;
    gst_event_parse_caps(event, &now);
    caps = gst_structure_get_name(gst_caps_get_structure(now, 0));
  }
  return all;
}

const char *type_of(const Bytes &bytes) {
  return bytes == jpeg() ? "image/jpeg" : bytes == png() ? "image/png" : "video/x-h264";
}

// What is sent on a pad, one after the other, and what comes out of it.
std::vector<Delivered> play(const char *codec, int msg_type, const std::vector<Bytes> &pictures,
                            std::size_t expected, unsigned warnings) {
  auto server = serve(quiet_config());
  const std::string name = msg_type == 15 ? "video" : "screen";
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", name);
    set(src, (name + "-codec").c_str(), codec);
    set(src, (name + "-fps").c_str(), std::string(codec) == "h264" ? "25" : "1");
  });
  player.play();
  wait_streaming(player, *server, 1);
  int64_t at_ms = 0;
  for (const Bytes &picture : pictures)
    server->send_media(msg_type == 15 ? Media::Video : Media::Deskshare,
                       media_json(msg_type, at_ms += 40, picture));
  ck_assert_msg(player.wait([&](const Record &r) { return r.packets(name) >= expected; }), "%s",
                player.summary().c_str());
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), warnings);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  auto all = delivered(player.record().pad(name));
  ck_assert_uint_eq(all.size(), expected);
  for (const Delivered &one : all)
    ck_assert_msg(one.caps == type_of(one.bytes), "%s under %s", type_of(one.bytes),
                  one.caps.c_str());
  return all;
}

// The second SPS of a keyframe, or that of another frame, is for 16384x16000.
void play_oversized(int msg_type) {
  const Bytes key = access_unit(true, 500, 1), delta = access_unit(false, 500, 2);
  const Bytes huge = bytes_of(std::string("\0\0\0\1\x67\x4d\0\x3e\x56\x80\4\0\0\x7d\x19", 15));
  const auto before = [&](const Bytes &unit) {
    Bytes all = huge;
    all.insert(all.end(), unit.begin(), unit.end());
    return all;
  };
  constexpr std::ptrdiff_t kSpsEnd = 15;
  Bytes second = key;
  second.insert(second.begin() + kSpsEnd, huge.begin(), huge.end());
  const auto all = play("h264", msg_type, {key, delta, before(delta), delta, second, key}, 3, 0);
  ck_assert(all.back().bytes == key && all.back().discont);
}

}  // namespace

// Never wrong bytes under wrong caps, in either direction, and one warning.
GST_START_TEST(test_codecs) {
  const Bytes key = access_unit(true, 500, 1), delta = access_unit(false, 500, 2);
  for (int msg_type : {15, 16}) {
    play("h264", msg_type, {jpeg(), jpeg(), jpeg()}, 3, 1);
    play("h264", msg_type, {key, delta, jpeg(), png(), key, delta}, 6, 1);
    // What builds on a picture that was not the last one cannot be decoded.
    const auto all = play("h264", msg_type, {key, jpeg(), delta, key}, 3, 1);
    ck_assert(all.back().discont);
    play("jpeg", msg_type, {jpeg(), key, delta, jpeg()}, 4, 1);
    play("jpeg", msg_type, {jpeg(), jpeg()}, 2, 0);
  }
}
GST_END_TEST;

// A few bytes announce a frame for which a decoder would take gigabytes.
GST_START_TEST(test_oversized) {
  Bytes huge = jpeg();
  constexpr std::size_t kHeight = 13, kWidth = 15;
  huge[kHeight] = huge[kWidth] = 0x80;
  Bytes huge_png = png();
  huge_png[17] = huge_png[21] = 1;
  Bytes no_header = jpeg();
  no_header[9] = 0xfe;
  Bytes second = jpeg();  // behind the first one
  second.insert(second.end(), huge.begin(), huge.end());
  for (int msg_type : {15, 16}) {
    const auto all = play("jpeg", msg_type,
                          {huge, huge, jpeg(), huge_png, no_header, jpeg(), second, jpeg()}, 3, 1);
    for (const Delivered &one : all)
      ck_assert(one.bytes == jpeg() && one.discont);
    play_oversized(msg_type);
  }
}
GST_END_TEST;

// Video begins, and goes on, where a decoder can.
GST_START_TEST(test_intra_refresh) {
  const Bytes delta = access_unit(false, 500, 2);
  const auto all = play("h264", 15, {delta, recovery_point(), delta, recovery_point()}, 3, 0);
  ck_assert(all.front().bytes == recovery_point());
}
GST_END_TEST;

// The caps have the payload type of the packets: rtpjitterbuffer throws others away.
GST_START_TEST(test_rtp_payload_type) {
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-framing", "rtp");
    set(src, "audio-codec", "opus");
    set(src, "audio-rate", "48000");
  });
  player.play();
  wait_streaming(player, *server, 1);
  for (int i = 0; i < 4; i++) {
    const char type = static_cast<char>(0x80 | (i < 2 ? 111 : 97));
    server->send_media(
        Media::Audio,
        media_json(14, 20 * i, bytes_of(std::string("\x80") + type + std::string(12, 'x'))));
  }
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 4; }));
  player.stop();
  std::vector<int> types;
  const PadRecord &pad = player.record().pad("audio");
  for (const EventPtr &event : pad.events) {
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_CAPS)
      continue;
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event.get(), &caps);
    int type = 0;
    gst_structure_get_int(gst_caps_get_structure(caps, 0), "payload", &type);
    types.push_back(type);
  }
  ck_assert(types == std::vector<int>({96, 111, 97}));
}
GST_END_TEST;

static Suite *rtmssrc_formats_suite() {
  Suite *suite = suite_create("rtmssrc_formats");
  TCase *tcase = tcase_create("formats");
  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, test_codecs);
  tcase_add_test(tcase, test_oversized);
  tcase_add_test(tcase, test_intra_refresh);
  tcase_add_test(tcase, test_rtp_payload_type);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_formats)

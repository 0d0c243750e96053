// SPDX-License-Identifier: LGPL-2.1-or-later
// What leaves the pads equals what the server sent: nothing missing, nothing changed, in order.
#include <json-glib/json-glib.h>

#include <algorithm>

#include "recording.h"

namespace {

using namespace rtmscheck;
using Settings = std::vector<std::pair<std::string, std::string>>;

// One codec: what to ask for, and payloads as the service would send them.
struct Codec {
  const char *name, *pad;
  Media media;
  Settings settings;
  unsigned count;
  int64_t interval_ms;
  Bytes (*payload)(unsigned index);
};

Bytes rtp_packet(unsigned index) {
  Bytes packet = {0x80, 111, uint8_t(index >> 8), uint8_t(index), 0, 0, 0, 0, 1, 2, 3, 4};
  for (uint8_t byte : random_bytes(160, index))
    packet.push_back(byte);
  return packet;
}

Bytes picture_unit(unsigned index) {
  return access_unit(index % 25 == 0, 500 + 37 * index, index);
}

Bytes sentence(unsigned index) {
  return text_bytes("Zeile " + std::to_string(index) + ": \"äöü\" 👍 a/b\\c\n</script>");
}

const Settings kPictures = {{"video-fps", "5"}, {"screen-fps", "1"}};
const Settings kOpus = {{"audio-codec", "opus"}, {"audio-rate", "48000"}};
const Settings kG711 = {{"audio-codec", "g711"}, {"audio-rate", "8000"}};
const Settings kG722 = {{"audio-codec", "g722"}};

Settings operator+(Settings all, const Settings &more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Settings kRtp = {{"audio-framing", "rtp"}};
const Settings kTranscript = {{"media-types", "transcript"}};

const std::vector<Codec> &codecs() {
  static const std::vector<Codec> all = {
      {"l16", "audio", Media::Audio, {}, 200, 20, [](unsigned i) { return random_bytes(640, i); }},
      {"l16 stereo",
       "audio",
       Media::Audio,
       {{"audio-rate", "48000"}, {"audio-channels", "2"}},
       100,
       20,
       [](unsigned i) { return random_bytes(3840, i); }},
      {"l16 long",
       "audio",
       Media::Audio,
       {{"audio-packet-duration", "1000"}},
       20,
       1000,
       [](unsigned i) { return random_bytes(32000, i); }},
      {"g711", "audio", Media::Audio, kG711, 200, 20,
       [](unsigned i) { return random_bytes(160, i); }},
      {"g722", "audio", Media::Audio, kG722, 200, 20,
       [](unsigned i) { return random_bytes(160, i); }},
      {"opus", "audio", Media::Audio, kOpus, 200, 20,
       [](unsigned i) { return random_bytes(1 + i, i); }},
      {"g711 rtp", "audio", Media::Audio, kG711 + kRtp, 200, 20, rtp_packet},
      {"g722 rtp", "audio", Media::Audio, kG722 + kRtp, 200, 20, rtp_packet},
      {"opus rtp", "audio", Media::Audio, kOpus + kRtp, 200, 20, rtp_packet},
      {"h264", "video", Media::Video, {}, 50, 40, picture_unit},
      {"jpeg", "video", Media::Video, kPictures + Settings{{"video-codec", "jpeg"}}, 10, 200,
       [](unsigned i) { return jpeg_picture(50000 + i, i); }},
      {"png", "video", Media::Video, kPictures + Settings{{"video-codec", "png"}}, 10, 200,
       [](unsigned i) { return png_picture(50001 + i, i); }},
      {"h264 screen", "screen", Media::Deskshare, {}, 30, 66, picture_unit},
      {"jpeg screen", "screen", Media::Deskshare, kPictures + Settings{{"screen-codec", "jpeg"}}, 5,
       200, [](unsigned i) { return jpeg_picture(200000 + i, i); }},
      {"png screen", "screen", Media::Deskshare, kPictures + Settings{{"screen-codec", "png"}}, 5,
       200, [](unsigned i) { return png_picture(200001 + i, i); }},
      {"transcript text",
       "transcript",
       Media::Transcript,
       {{"transcript-speaker", "false"}},
       20,
       1000,
       sentence},
      {"transcript json",
       "transcript",
       Media::Transcript,
       {{"transcript-format", "json"}},
       20,
       1000,
       sentence},
      {"chat", "chat", Media::Chat, {}, 20, 1000, sentence},
  };
  return all;
}

// How the server speaks, and how it is connected to.
struct Manner {
  const char *name;
  bool unified, binary;
  void (*liberty)(Config &config);
};
const Manner kManners[] = {
    {"split, text", false, false, [](Config &) {}},
    {"split, binary", false, true, [](Config &) {}},
    {"unified, text", true, false, [](Config &) {}},
    {"unified, binary", true, true, [](Config &) {}},
    {"escaped slashes", false, false, [](Config &c) { c.escape_slashes = true; }},
    {"msg_type last", true, true, [](Config &c) { c.msg_type_last = true; }},
    {"plain content", false, false, [](Config &c) { c.plain_content = true; }},
    {"string ids", true, false, [](Config &c) { c.string_ids = true; }},
    {"all liberties", true, true,
     [](Config &c) { c.escape_slashes = c.msg_type_last = c.plain_content = c.string_ids = true; }},
};

const char *type_nick(Media media) {
  constexpr const char *nicks[kMediaCount] = {"audio", "video", "screen", "transcript", "chat"};
  return nicks[static_cast<std::size_t>(media)];
}

// Text out of a JSON buffer; the whole buffer where the pad carries something else.
std::string text_of(const Codec &codec, const Bytes &bytes) {
  std::string all(bytes.begin(), bytes.end());
  if (std::string(codec.name) != "chat" && std::string(codec.name) != "transcript json")
    return all;
  ObjectPtr<JsonParser> parser(json_parser_new());
  bool valid = json_parser_load_from_data(parser.get(), all.data(), static_cast<gssize>(all.size()),
                                          nullptr);
  JsonNode *root = valid ? json_parser_get_root(parser.get()) : nullptr;
  ck_assert_msg(root && JSON_NODE_HOLDS_OBJECT(root), "%s: %s", codec.name, all.c_str());
  const char *text =
      json_object_get_string_member_with_default(json_node_get_object(root), "text", nullptr);
  ck_assert_msg(text != nullptr, "%s: %s", codec.name, all.c_str());
  return text;
}

void expect_equal(const Codec &codec, const char *manner, const std::vector<Packet> &got) {
  ck_assert_msg(got.size() == codec.count, "%s, %s: %zu of %u", codec.name, manner, got.size(),
                codec.count);
  for (unsigned i = 0; i < codec.count; i++) {
    Bytes sent = codec.payload(i);
    bool equal = text_of(codec, got[i].bytes) == std::string(sent.begin(), sent.end());
    ck_assert_msg(equal, "%s, %s: payload %u differs: %zu bytes of %zu", codec.name, manner, i,
                  got[i].bytes.size(), sent.size());
  }
}

void configure(const Settings &settings, GstElement *src) {
  for (const auto &[name, value] : settings)
    set(src, name, value);
}

void add_items(ListSource &source, const Codec &codec) {
  for (unsigned i = 0; i < codec.count; i++)
    source.add(item(codec.media, codec.interval_ms * i, codec.payload(i)));
}

void check(const Codec &codec, const Manner &manner) {
  auto source = std::make_shared<ListSource>();
  add_items(*source, codec);
  Config config = fast_config(source);
  config.binary_frames = manner.binary;
  manner.liberty(config);
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", type_nick(codec.media));
    set(src, "connection-mode", manner.unified ? "unified" : "split");
    configure(codec.settings, src);
  });
  player.play();
  player.wait_eos();
  player.stop();
  expect_equal(codec, manner.name, player.record().pad(codec.pad).packets);
  expect_no_violations(*server);
}

// All five media at once, each with the codec of the table.
void check_together(const std::vector<unsigned> &chosen, const Manner &manner, Pace pace) {
  auto source = std::make_shared<ListSource>();
  Settings settings = {{"media-types", "audio+video+screen+transcript+chat"}};
  for (unsigned index : chosen) {
    add_items(*source, codecs()[index]);
    settings = settings + codecs()[index].settings;
  }
  Config config = fast_config(source);
  config.pace = pace;
  config.binary_frames = manner.binary;
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    configure(settings, src);
    set(src, "connection-mode", manner.unified ? "unified" : "split");
  });
  player.play();
  player.wait_eos();
  player.stop();
  for (unsigned index : chosen)
    expect_equal(codecs()[index], manner.name, player.record().pad(codecs()[index].pad).packets);
  expect_no_violations(*server);
}

unsigned codec_index(const std::string &name) {
  auto found = std::find_if(codecs().begin(), codecs().end(),
                            [&name](const Codec &codec) { return codec.name == name; });
  ck_assert(found != codecs().end());
  return static_cast<unsigned>(found - codecs().begin());
}

// Made when it is asked for, as the whole of it would be large.
class ManyPackets : public MediaSource {
 public:
  explicit ManyPackets(unsigned count) : count_(count) {}
  bool next(Media m, MediaItem &next, int64_t &due_ms) override {
    if (m != Media::Audio || index_ == count_)
      return false;
    next = item(m, 20 * int64_t{index_}, payload(index_), 0);
    due_ms = 20 * int64_t{index_};
    index_++;
    return true;
  }
  static Bytes payload(unsigned index) { return random_bytes(640, index); }

 private:
  unsigned count_, index_ = 0;
};

void check_many(const Manner &manner) {
  // Under valgrind fewer: for as long as libsoup has messages nothing else runs, keep-alives
  // neither.
  const unsigned kCount = 100000 / static_cast<unsigned>(slowness());
  Config config = fast_config(std::make_shared<ManyPackets>(kCount));
  config.binary_frames = manner.binary;
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "connection-mode", manner.unified ? "unified" : "split");
  });
  player.play();
  player.wait_eos();
  player.stop();
  const std::vector<Packet> &got = player.record().pad("audio").packets;
  ck_assert_uint_eq(got.size(), kCount);
  for (unsigned i = 0; i < kCount; i++)
    ck_assert_msg(got[i].bytes == ManyPackets::payload(i), "payload %u differs", i);
  expect_no_violations(*server);
}

}  // namespace

GST_START_TEST(test_each_codec) {
  for (const Codec &codec : codecs())
    check(codec, kManners[__i__]);
}
GST_END_TEST;

GST_START_TEST(test_together) {
  check_together({codec_index("l16"), codec_index("h264"), codec_index("h264 screen"),
                  codec_index("transcript json"), codec_index("chat")},
                 kManners[__i__], Pace::Fast);
}
GST_END_TEST;

// One second of l16 and h264, and a line of text.
GST_START_TEST(test_real_time) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < 50; i++)
    source->add(item(Media::Audio, 20 * i, random_bytes(640, i)));
  for (unsigned i = 0; i < 25; i++)
    source->add(item(Media::Video, 40 * i, picture_unit(i)));
  source->add(item(Media::Transcript, 500, sentence(1)));
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  config.binary_frames = kManners[__i__].binary;
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    set(src, "connection-mode", kManners[__i__].unified ? "unified" : "split");
  });
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_uint_eq(record.packets("audio"), 50);
  ck_assert_uint_eq(record.packets("video"), 25);
  ck_assert_uint_eq(record.packets("transcript"), 1);
  for (unsigned i = 0; i < 50; i++)
    ck_assert(record.pad("audio").packets[i].bytes == random_bytes(640, i));
  for (unsigned i = 0; i < 25; i++)
    ck_assert(record.pad("video").packets[i].bytes == picture_unit(i));
  const Bytes line = sentence(1), &got = record.pad("transcript").packets[0].bytes;
  expect_text({got.begin(), got.end()}, "John Smith: " + std::string(line.begin(), line.end()));
  expect_no_violations(*server);
}
GST_END_TEST;

GST_START_TEST(test_many) {
  check_many(kManners[0]);
}
GST_END_TEST;

GST_START_TEST(test_many_otherwise) {
  check_many(kManners[1 + __i__]);
}
GST_END_TEST;

// A payload that is no whole samples, whatever its `length`, is dropped and counted; the others go
// on.
GST_START_TEST(test_wrong_length) {
  auto source = audio_source(10);
  MediaItem damaged = item(Media::Audio, 200, {});
  damaged.raw =
      R"({"msg_type":14,"content":{"user_id":0,"data":"AAAA","length":4,"timestamp":1738392033200}})";
  source->add(damaged);
  source->add(item(Media::Audio, 220, random_bytes(640, 10), 0));
  auto server = serve(fast_config(source));
  Player player(*server, [](GstElement *src) { set(src, "media-types", "audio"); });
  player.play();
  player.wait_eos();
  GstStructure *stats = nullptr;
  g_object_get(player.src(), "stats", &stats, nullptr);
  Ptr<GstStructure, gst_structure_free> owned(stats);
  guint64 dropped = 0;
  ck_assert(gst_structure_get_uint64(stats, "dropped", &dropped));
  ck_assert_uint_eq(dropped, 1);
  player.stop();
  const std::vector<Packet> &got = player.record().pad("audio").packets;
  ck_assert_uint_eq(got.size(), 11);
  ck_assert(got.back().bytes == random_bytes(640, 10));
  ck_assert(got.back().has(GST_BUFFER_FLAG_DISCONT));
}
GST_END_TEST;

static Suite *rtmssrc_bytes_suite() {
  Suite *suite = suite_create("rtmssrc_bytes");
  add_case(suite, "each-codec", test_each_codec, G_N_ELEMENTS(kManners));
  add_case(suite, "together", test_together, 4);
  add_case(suite, "real-time", test_real_time, 4);
  add_case(suite, "many", test_many);
  add_case(suite, "many-otherwise", test_many_otherwise, 3);
  add_case(suite, "wrong-length", test_wrong_length);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_bytes)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Which pads appear, with what in front of the data; how they end.
#include <algorithm>
#include <set>

#include "live.h"

namespace {

using namespace rtmscheck;
using Settings = std::vector<std::pair<const char *, const char *>>;

Setup with(const Settings &settings) {
  return [settings](GstElement *src) {
    for (const auto &[name, value] : settings)
      set(src, name, value);
  };
}

// One message of each medium.
std::shared_ptr<ListSource> one_of_each() {
  auto source = std::make_shared<ListSource>();
  source->add(item(Media::Audio, 0, random_bytes(640, 1), 0));
  source->add(item(Media::Video, 0, access_unit(true, 500, 2)));
  source->add(item(Media::Deskshare, 0, access_unit(true, 500, 3)));
  source->add(item(Media::Transcript, 0, text_bytes("Hello.")));
  source->add(item(Media::Chat, 0, text_bytes("Hello.")));
  return source;
}

const std::vector<std::string> kAllPads = {"audio", "video", "screen", "transcript", "chat"};
const Settings kAllTypes = {{"media-types", "audio+video+screen+transcript+chat"}};

std::string caps_of(const PadRecord &pad) {
  auto event = const_cast<GstEvent *>(pad.first(GST_EVENT_CAPS));
  ck_assert(event != nullptr);
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  CharPtr text(gst_caps_to_string(caps));
  return text.get();
}

void expect_caps(const PadRecord &pad, const char *expected) {
  CapsPtr caps(gst_caps_from_string(caps_of(pad).c_str()));
  CapsPtr wanted(gst_caps_from_string(expected));
  ck_assert_msg(gst_caps_is_fixed(caps.get()), "%s", caps_of(pad).c_str());
  ck_assert_msg(gst_caps_is_subset(caps.get(), wanted.get()), "%s instead of %s",
                caps_of(pad).c_str(), expected);
}

struct Negotiation {
  Settings settings;
  const char *negotiate, *pad, *caps;
};
const Negotiation kNegotiations[] = {
    {{}, "", "audio", "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1"},
    {{{"audio-rate", "48000"}, {"audio-channels", "2"}},
     "",
     "audio",
     "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2"},
    {{}, R"({"audio":{"sample_rate":0}})", "audio", "audio/x-raw,rate=8000,channels=1"},
    {{},
     R"({"audio":{"sample_rate":2,"channel":2}})",
     "audio",
     "audio/x-raw,rate=32000,channels=2"},
    {{}, R"({"audio":{"codec":2,"sample_rate":0}})", "audio", "audio/x-alaw,rate=8000,channels=1"},
    {{}, R"({"audio":{"codec":3}})", "audio", "audio/G722,rate=16000,channels=1"},
    {{},
     R"({"audio":{"codec":4,"sample_rate":3,"channel":2}})",
     "audio",
     "audio/x-opus,channel-mapping-family=0,rate=48000,channels=2"},
    {{},
     R"({"audio":{"content_type":1,"codec":2,"sample_rate":0}})",
     "audio",
     "application/x-rtp,media=audio,encoding-name=PCMA,clock-rate=8000"},
    {{},
     R"({"audio":{"content_type":1,"codec":3}})",
     "audio",
     "application/x-rtp,media=audio,encoding-name=G722,clock-rate=8000"},
    {{},
     R"({"audio":{"content_type":1,"codec":4,"sample_rate":3}})",
     "audio",
     "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000"},
    {{}, "", "video", "video/x-h264,stream-format=byte-stream,alignment=au"},
    {{}, R"({"video":{"codec":5,"fps":5}})", "video", "image/jpeg"},
    {{}, R"({"video":{"codec":6,"fps":5}})", "video", "image/png"},
    {{}, "", "screen", "video/x-h264,stream-format=byte-stream,alignment=au"},
    {{}, R"({"deskshare":{"codec":5,"fps":5}})", "screen", "image/jpeg"},
    {{}, "", "transcript", "text/x-raw,format=utf8"},
    {{{"transcript-format", "json"}}, "", "transcript", "application/x-json"},
    {kAllTypes, "", "chat", "application/x-json"},
};

struct StreamStart {
  std::string stream_id;
  guint group_id = 0;
};

StreamStart stream_start_of(const PadRecord &pad) {
  auto event = const_cast<GstEvent *>(pad.first(GST_EVENT_STREAM_START));
  ck_assert(event != nullptr);
  const char *id = nullptr;
  StreamStart start;
  gst_event_parse_stream_start(event, &id);
  start.stream_id = id;
  ck_assert(gst_event_parse_group_id(event, &start.group_id));
  return start;
}

std::map<std::string, StreamStart> play_once(const Config &config, const Settings &settings) {
  auto server = serve(config);
  Player player(*server, with(settings));
  player.play();
  player.wait_eos();
  player.stop();
  std::map<std::string, StreamStart> starts;
  for (const auto &[name, pad] : player.record().pads)
    starts[name] = stream_start_of(pad);
  return starts;
}

std::string title_of(const PadRecord &pad) {
  for (const EventPtr &event : pad.events) {
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_TAG)
      continue;
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event.get(), &tags);
    char *title = nullptr;
    if (!gst_tag_list_get_string(tags, GST_TAG_TITLE, &title))
      continue;
    CharPtr owned(title);
    return title;
  }
  return {};
}

}  // namespace

GST_START_TEST(test_negotiated_caps) {
  const Negotiation &negotiation = kNegotiations[__i__];
  Config config = fast_config(one_of_each());
  config.negotiate = negotiation.negotiate;
  auto server = serve(config);
  Player player(*server, with(negotiation.settings));
  player.play();
  player.wait_eos();
  player.stop();
  expect_caps(player.record().pad(negotiation.pad), negotiation.caps);
}
GST_END_TEST;

// Members that the server doesn't echo keep their requested values.
GST_START_TEST(test_no_echo) {
  Config config = fast_config(one_of_each());
  config.echo_params = false;
  auto server = serve(config);
  Player player(*server, with({{"audio-rate", "32000"}}));
  player.play();
  player.wait_eos();
  player.stop();
  expect_caps(player.record().pad("audio"), "audio/x-raw,format=S16LE,rate=32000,channels=1");
}
GST_END_TEST;

GST_START_TEST(test_order) {
  auto server = serve(fast_config(one_of_each()));
  Player player(*server, with(kAllTypes));
  set(player.src(), "connection-mode", __i__ ? "unified" : "split");
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  for (const std::string &name : kAllPads) {
    const std::string &order = record.pad(name).order;
    ck_assert_msg(order.compare(0, 3, "SCG") == 0, "%s: %s", name.c_str(), order.c_str());
    ck_assert_msg(std::count(order.begin(), order.end(), 'S') == 1, "%s", order.c_str());
    ck_assert_msg(std::count(order.begin(), order.end(), 'B') == 1, "%s", order.c_str());
    ck_assert_msg(order.find('E') == order.size() - 1, "%s: %s", name.c_str(), order.c_str());
    auto segment = const_cast<GstEvent *>(record.pad(name).first(GST_EVENT_SEGMENT));
    const GstSegment *parsed = nullptr;
    gst_event_parse_segment(segment, &parsed);
    ck_assert_int_eq(parsed->format, GST_FORMAT_TIME);
    ck_assert_uint_eq(count(record.signals, name), 1);
  }
  ck_assert_uint_eq(count(record.signals, "no-more-pads"), 1);
  ck_assert_msg(
      record.signals.size() > kAllPads.size() && record.signals[kAllPads.size()] == "no-more-pads",
      "%s", player.summary().c_str());
}
GST_END_TEST;

// decodebin shows no pad before the signal.
GST_START_TEST(test_ends_early) {
  Config config = quiet_config();
  config.silent_media = true;
  config.fault_times = 1;
  auto server = serve(config);
  Player player(*server, with({{"media-types", "audio+video"}}));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.pads.size() == 1; }));
  ck_assert_uint_eq(count(player.record().signals, "no-more-pads"), 0);
  server->send_signaling(R"({"msg_type":8,"state":4,"reason":6})");
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(count(player.record().signals, "no-more-pads"), 1);
  ck_assert_uint_eq(player.record().pads.size(), 1);
}
GST_END_TEST;

// Only media that are offered and asked for have pads.
GST_START_TEST(test_which_pads) {
  Config config = fast_config(one_of_each());
  config.offered = {Media::Audio, Media::Transcript, Media::Chat};
  auto server = serve(config);
  Player player(*server, with({{"media-types", "audio+video+transcript"}}));
  player.play();
  player.wait_eos();
  player.stop();
  std::set<std::string> names;
  for (const auto &[name, pad] : player.record().pads)
    names.insert(name);
  ck_assert_msg((names == std::set<std::string>{"audio", "transcript"}), "%s",
                player.summary().c_str());
  ck_assert_uint_eq(count(player.record().signals, "no-more-pads"), 1);
}
GST_END_TEST;

// With empty-pads all requested media have pads to the end of the stream, also where the stream
// ends before the service has refused them. Pads of participants have no names yet.
GST_START_TEST(test_empty_pads) {
  const bool mixed = __i__ != 1, early = __i__ == 2;
  Config config = early ? fast_config(one_of_each()) : quiet_config();
  config.offered = {Media::Video};
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    with(kAllTypes)(src);
    set(src, "fill", "black");
    set(src, "audio-streams", mixed ? "mixed" : "per-participant");
    g_object_set(src, "empty-pads", TRUE, nullptr);
  });
  player.play();
  if (!early) {
    ck_assert_msg(
        player.wait([](const Record &r) { return count(r.signals, "no-more-pads") == 1; }), "%s",
        player.summary().c_str());
    ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), kAllPads.size() - 1);
    server->send_signaling(R"({"msg_type":8,"state":4,"reason":6})");
  }
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  std::set<std::string> names, wanted(kAllPads.begin(), kAllPads.end());
  if (!mixed)
    wanted.erase("audio");
  for (const auto &[name, pad] : record.pads) {
    names.insert(name);
    ck_assert_msg(pad.eos() && pad.first(GST_EVENT_CAPS), "%s\n%s", name.c_str(),
                  player.summary().c_str());
  }
  ck_assert_msg(names == wanted, "%s", player.summary().c_str());
  ck_assert_uint_eq(count(record.signals, "no-more-pads"), 1);
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

GST_START_TEST(test_stream_ids) {
  Config config = fast_config(one_of_each());
  config.stream_id = "one-and-the-same";
  auto first = play_once(config, kAllTypes);
  config.source = one_of_each();
  auto second = play_once(config, kAllTypes);
  ck_assert_uint_eq(first.size(), kAllPads.size());
  std::set<std::string> ids;
  for (const std::string &name : kAllPads) {
    expect_text(first[name].stream_id, second[name].stream_id);
    ck_assert_uint_eq(first[name].group_id, first["audio"].group_id);
    ids.insert(first[name].stream_id);
  }
  ck_assert_uint_eq(ids.size(), kAllPads.size());
}
GST_END_TEST;

GST_START_TEST(test_unlinked_pads) {
  auto source = audio_source(50);
  for (unsigned i = 0; i < 25; i++)
    source->add(item(Media::Video, 40 * i, access_unit(i == 0, 500, i)));
  auto server = serve(fast_config(source));
  Player player(*server);
  const std::string linked = __i__ ? "video" : "audio";
  player.link_only([linked](const std::string &pad) { return pad == linked; });
  player.play();
  player.wait_eos();
  for (const char *name : {"audio", "video"}) {
    // It costs no thread either.
    ObjectPtr<GstPad> pad(gst_element_get_static_pad(player.src(), name));
    ck_assert_msg((GST_PAD_TASK(pad.get()) != nullptr) == (linked == name), "%s", name);
  }
  player.stop();
  ck_assert_uint_eq(player.record().packets(linked), __i__ ? 25 : 50);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
}
GST_END_TEST;

GST_START_TEST(test_all_unlinked) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server, with({{"media-types", "audio+video"}}));
  player.link_only([](const std::string &) { return false; });
  player.play();
  Failure failure = player.wait_error();
  ck_assert_msg(failure.domain == GST_STREAM_ERROR && failure.code == GST_STREAM_ERROR_FAILED, "%s",
                player.summary().c_str());
  ck_assert_msg(contains(failure.text + failure.debug, "not-linked"), "%s",
                player.summary().c_str());
}
GST_END_TEST;

// As gst-launch-1.0 -e does, to the pipeline; or to the element itself.
GST_START_TEST(test_eos_event) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server);
  player.play();
  wait_streaming(player, *server, 4);
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") >= 5; }));
  GstElement *target = __i__ ? player.pipeline() : player.src();
  GstEvent *eos = gst_event_new_eos();
  const guint32 number = gst_event_get_seqnum(eos);
  ck_assert(gst_element_send_event(target, eos));
  player.wait_eos();
  auto closed = [](const Server &s) { return s.connections() == 0; };
  ck_assert(server->wait_for(closed, kDeadlineMs));
  ck_assert_uint_eq(server->closes().size(), 5);
  for (const CloseRecord &close : server->closes()) {
    ck_assert_msg(!close.by_server, "%s", close.socket.c_str());
    ck_assert_msg(close.code == 1000, "%s: %u", close.socket.c_str(), close.code);
  }
  expect_text(server->closes().back().socket, "signaling");
  player.stop();
  for (const auto &[name, pad] : player.record().pads)
    ck_assert_msg(pad.eos() && gst_event_get_seqnum(
                                   const_cast<GstEvent *>(pad.first(GST_EVENT_EOS))) == number,
                  "%s: %s", name.c_str(), pad.order.c_str());
  expect_no_violations(*server);
}
GST_END_TEST;

GST_START_TEST(test_participants) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < 10; i++) {
    source->add(item(Media::Audio, 20 * i, random_bytes(640, i), 22, "Berta"));
    if (i > 2)
      source->add(item(Media::Audio, 20 * i, random_bytes(640, 100 + i), 11, "Anton"));
  }
  auto server = serve(fast_config(source));
  Player player(*server, with({{"media-types", "audio"}, {"audio-streams", "per-participant"}}));
  player.play();
  ck_assert(player.wait([](const Record &r) {
    return r.pads.size() == 2 && r.pads.at("audio_0").eos() && r.pads.at("audio_1").eos();
  }));
  player.stop();
  const Record &record = player.record();
  ck_assert_uint_eq(record.packets("audio_0"), 10);
  ck_assert_uint_eq(record.packets("audio_1"), 7);
  ck_assert(record.pad("audio_1").packets[0].bytes == random_bytes(640, 103));
  expect_text(title_of(record.pad("audio_0")), "Berta");
  expect_text(title_of(record.pad("audio_1")), "Anton");
  ck_assert_uint_eq(count(record.signals, "no-more-pads"), 0);
  for (const char *name : {"audio_0", "audio_1"}) {
    const std::string &order = record.pad(name).order;
    ck_assert_msg(order.find('T') < order.find('B'), "%s", order.c_str());
  }
  GstClockTime late = record.pad("audio_1").packets[0].pts - record.pad("audio_0").packets[0].pts;
  ck_assert_uint_eq(late, 60 * GST_MSECOND);
}
GST_END_TEST;

// Each channel is a participant, though the mix was asked for.
GST_START_TEST(test_contact_center) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < 10; i++)
    for (uint64_t channel : {1, 2})
      source->add(item(Media::Audio, 20 * i, random_bytes(640, i), channel, ""));
  Config config = fast_config(source);
  config.product = Product::ContactCenter;
  config.offered = {Media::Audio};
  config.offer_all = false;
  auto server = serve(config);
  Player player(*server, with({{"media-types", "audio"}}));
  player.play();
  ck_assert_msg(player.wait([](const Record &r) {
    return r.pads.count("audio_0") && r.pads.count("audio_1") && r.pads.at("audio_0").eos() &&
           r.pads.at("audio_1").eos();
  }),
                "%s", player.summary().c_str());
  player.stop();
  ck_assert_uint_eq(player.record().packets("audio_0"), 10);
  ck_assert_uint_eq(player.record().packets("audio_1"), 10);
  ck_assert_uint_eq(count(player.record().signals, "no-more-pads"), 0);
  expect_no_violations(*server);
}
GST_END_TEST;

// A call has one channel, on the pad of the mix, or two: the other one has a pad of its own.
GST_START_TEST(test_phone) {
  Config config = quiet_config();
  config.product = Product::Phone;
  auto server = serve(config);
  Player player(*server, with({{"media-types", "audio"}}));
  player.play();
  wait_streaming(player, *server, 1);
  const auto say = [](const char *channel, int64_t at_ms) {
    return R"({"msg_type":14,"content":{"channel_id":)" + std::string(channel) +
           R"(,"data":"AAAAAA==","timestamp":)" + std::to_string(kStartMs + at_ms) + "}}";
  };
  for (int i = 0; i < 10; i++) {
    server->send_media(Media::Audio, say(i % 2 ? "7" : "\"7\"", 20 * i));
    server->send_media(Media::Audio, say("\"8\"", 20 * i));
  }
  ck_assert_msg(player.wait([](const Record &r) {
    return r.packets("audio") == 10 && r.packets("audio_0") == 10;
  }),
                "%s", player.summary().c_str());
  player.stop();
  expect_no_violations(*server);
}
GST_END_TEST;

// Nothing has come so far, and a muxer knows its tracks all the same.
GST_START_TEST(test_caps_before_data) {
  constexpr guint text_wait_ms = 20000;  // no GAP tells them
  auto server = serve(quiet_config());
  Player player(*server, [=](GstElement *src) {
    set(src, "media-types", "audio+transcript+chat");
    g_object_set(src, "text-wait", text_wait_ms, "batch-time", 5, "share-thread", __i__ == 1,
                 nullptr);
  });
  player.play();
  wait_ready(*server, 3);
  for (const char *name : {"audio", "transcript", "chat"})
    ck_assert_msg(player.wait([=](const Record &r) {
      const auto pad = r.pads.find(name);
      return pad != r.pads.end() && pad->second.order.compare(0, 3, "SCG") == 0;
    }),
                  "%s: %s", name, player.summary().c_str());
  player.stop();
}
GST_END_TEST;

static Suite *rtmssrc_pads_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_pads");
  TCase *pads = tcase_create("pads");
  tcase_set_timeout(pads, kPatienceSeconds);
  tcase_add_loop_test(pads, test_negotiated_caps, 0, G_N_ELEMENTS(kNegotiations));
  tcase_add_test(pads, test_no_echo);
  tcase_add_loop_test(pads, test_order, 0, 2);
  tcase_add_test(pads, test_ends_early);
  tcase_add_test(pads, test_which_pads);
  tcase_add_loop_test(pads, test_empty_pads, 0, 3);
  tcase_add_test(pads, test_stream_ids);
  tcase_add_loop_test(pads, test_unlinked_pads, 0, 2);
  tcase_add_test(pads, test_all_unlinked);
  tcase_add_loop_test(pads, test_eos_event, 0, 2);
  tcase_add_test(pads, test_participants);
  tcase_add_test(pads, test_contact_center);
  tcase_add_test(pads, test_phone);
  tcase_add_loop_test(pads, test_caps_before_data, 0, 2);
  suite_add_tcase(suite, pads);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_pads)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose media it is: pads of participants, names on pads and buffers, speakers that change.
#include <algorithm>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

constexpr uint64_t kBerta = 22, kAnton = 11;

std::string participant(uint64_t user, const std::string &name) {
  std::string json = "{\"user_id\":" + std::to_string(user);
  return json + (name.empty() ? "}" : ",\"user_name\":\"" + name + "\"}");
}

std::string participants_json(int type, uint64_t user, const std::string &name = "") {
  return event_json(type, "\"participants\":[" + participant(user, name) + "]");
}

std::vector<std::string> titles_of(const PadRecord &pad) {
  std::vector<std::string> titles;
  for (const EventPtr &event : pad.events) {
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_TAG)
      continue;
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event.get(), &tags);
    char *title = nullptr;
    gst_tag_list_get_string(tags, GST_TAG_TITLE, &title);
    CharPtr owned(title);
    titles.push_back(title ? title : "");
  }
  return titles;
}

std::string joined(const std::vector<std::string> &all) {
  std::string text;
  for (const std::string &one : all)
    text += one + "|";
  return text;
}

std::string comment_of(const PadRecord &pad) {
  auto event = const_cast<GstEvent *>(pad.first(GST_EVENT_TAG));
  ck_assert(event != nullptr);
  GstTagList *tags = nullptr;
  gst_event_parse_tag(event, &tags);
  char *comment = nullptr;
  gst_tag_list_get_string(tags, GST_TAG_EXTENDED_COMMENT, &comment);
  CharPtr owned(comment);
  return comment ? comment : "";
}

Setup per_participant() {
  return [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  };
}

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

// A picture of somebody, and whether it is a keyframe.
struct Shot {
  bool key;
  uint64_t user;
  const char *name;
};

std::vector<Packet> shoot(const std::vector<Shot> &shots, std::vector<std::string> *titles) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < shots.size(); i++)
    source->add(item(Media::Video, 40 * i, access_unit(shots[i].key, 500, i), shots[i].user,
                     shots[i].name));
  auto server = serve(fast_config(source));
  Player player(*server, with("media-types", "video"));
  player.play();
  player.wait_eos();
  player.stop();
  *titles = titles_of(player.record().pad("video"));
  return player.record().pad("video").packets;
}

}  // namespace

// Somebody who joins late, minutes after the others, or who comes back, gets a pad at that time.
GST_START_TEST(test_come_and_go) {
  auto server = serve(quiet_config());
  Player player(*server, per_participant());
  player.play();
  wait_ready(*server, 1);
  server->send_signaling(participants_json(3, kBerta, "Berta"));
  server->send_signaling(participants_json(3, kAnton, "Anton"));
  ck_assert(
      player.wait([](const Record &r) { return r.named("rtms-participant-joined").size() == 2; }));
  server->send_media(Media::Audio, audio_json(0, kBerta));
  ck_assert(wait_packets(player, "audio_0", 1));
  server->send_media(Media::Audio, audio_json(60000, kAnton));
  ck_assert(wait_packets(player, "audio_1", 1));
  server->send_signaling(participants_json(4, kBerta));
  // Ten seconds later, when nobody is expected back.
  ck_assert(
      player.wait([](const Record &r) { return r.pads.at("audio_0").eos(); }, 3 * kDeadlineMs));
  server->send_media(Media::Audio, audio_json(60020, kAnton));
  ck_assert(wait_packets(player, "audio_1", 2));
  player.stop();
  const Record &record = player.record();
  // The messages bring no names: the events did.
  expect_text(joined(titles_of(record.pad("audio_0"))), "Berta|");
  expect_text(joined(titles_of(record.pad("audio_1"))), "Anton|");
  expect_text(comment_of(record.pad("audio_0")), "user-id=22");
  ck_assert(!record.pad("audio_1").eos());
  ck_assert_uint_eq(record.pad("audio_1").packets[0].user_id, kAnton);
  expect_text(record.pad("audio_1").packets[0].user_name, "Anton");
  expect_no_violations(*server);
}
GST_END_TEST;

// Nobody leaves, but one after the other all speak: whoever is silent makes room. Those who speak
// at the same time are heard at the same time.
GST_START_TEST(test_crowd) {
  constexpr unsigned kFirst = 1000, kTogether = 140;
  auto server = serve(quiet_config());
  Player player(*server, per_participant());
  player.play();
  wait_ready(*server, 1);
  for (unsigned i = 0; i < kTogether; i++)
    server->send_media(Media::Audio, audio_json(0, kFirst + i));
  const auto speakers = [&player] {
    std::size_t heard = 0;
    player.wait([&](const Record &r) {
      heard = r.pads.size();
      return true;
    });
    return heard;
  };
  ck_assert_msg(player.wait([](const Record &r) { return r.pads.size() >= kTogether; }),
                "%zu of %u", speakers(), kTogether);
  // One more comes every now and then, until the first ones have been silent for long enough.
  const int64_t begin_us = g_get_monotonic_time();
  const auto now_ms = [begin_us] { return (g_get_monotonic_time() - begin_us) / 1000; };
  uint64_t silent = 0, newcomers = 0;
  ck_assert(player.wait([&](const Record &r) {
    for (const auto &[name, pad] : r.pads)
      if (pad.eos())
        silent = pad.packets.at(0).user_id;
    if (silent == 0 && now_ms() >= static_cast<int64_t>(50 * newcomers))
      server->send_media(Media::Audio, audio_json(now_ms(), kFirst + kTogether + newcomers++));
    return silent != 0;
  }));
  // Who had to make room is heard again.
  server->send_media(Media::Audio, audio_json(now_ms(), silent));
  ck_assert(player.wait([silent](const Record &r) {
    return std::count_if(r.pads.begin(), r.pads.end(), [silent](const auto &pad) {
             return !pad.second.packets.empty() && pad.second.packets[0].user_id == silent;
           }) == 2;
  }));
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
}
GST_END_TEST;

// Contact Center: a channel is a party, and its end is the end of the pad.
GST_START_TEST(test_contact_center_party) {
  Config config = quiet_config();
  config.product = Product::ContactCenter;
  config.offered = {Media::Audio};
  auto server = serve(config);
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_ready(*server, 1);
  const std::string info = R"("participant_info":{"channel_id":"agent","display_name":"Grace"})";
  server->send_signaling(event_json(10, info));
  auto say = [&](int64_t at_ms) {
    return "{\"msg_type\":14,\"content\":{\"channel_id\":\"agent\",\"data\":\"AAAAAA==\","
           "\"timestamp\":" +
           std::to_string(kStartMs + at_ms) + "}}";
  };
  server->send_media(Media::Audio, say(0));
  ck_assert(wait_packets(player, "audio_0", 1));
  server->send_signaling(event_json(11, info));
  // Ten seconds later, when nobody is expected back.
  ck_assert(
      player.wait([](const Record &r) { return r.pads.at("audio_0").eos(); }, 3 * kDeadlineMs));
  player.stop();
  expect_text(comment_of(player.record().pad("audio_0")), "channel-id=agent");
}
GST_END_TEST;

// In the mix, the meta tells the active speaker.
GST_START_TEST(test_active_speaker_in_the_mix) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_streaming(player, *server, 1);
  auto changes = [&](unsigned count) {
    ck_assert(player.wait(
        [count](const Record &r) { return r.named("rtms-active-speaker").size() == count; }));
  };
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1));
  server->send_signaling(event_json(2, R"("current_id":22,"user_id":22,"user_name":"Berta")"));
  changes(1);
  server->send_media(Media::Audio, audio_json(20, 0));
  ck_assert(wait_packets(player, "audio", 2));
  server->send_signaling(event_json(2, R"("current_id":11,"user_id":11,"user_name":"Anton")"));
  changes(2);
  server->send_media(Media::Audio, audio_json(40, 0));
  ck_assert(wait_packets(player, "audio", 3));
  player.stop();
  const auto &packets = player.record().pad("audio").packets;
  const char *names[] = {"", "Berta", "Anton"};
  const uint64_t ids[] = {0, kBerta, kAnton};
  for (size_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(packets[i].user_id, ids[i]);
    expect_text(packets[i].user_name, names[i]);
  }
}
GST_END_TEST;

GST_START_TEST(test_video_of_another) {
  std::vector<std::string> titles;
  const auto packets = shoot({{true, kBerta, "Berta"},
                              {false, kBerta, "Berta"},
                              {true, kAnton, "Anton"},
                              {false, kAnton, "Anton"},
                              {true, kAnton, "Anton"}},
                             &titles);
  ck_assert_uint_eq(packets.size(), 5);
  expect_text(joined(titles), "Berta|Anton|");
  expect_text(packets[1].user_name, "Berta");
  expect_text(packets[2].user_name, "Anton");
  // Nobody knows whose camera this is: not Berta's.
  shoot({{true, kBerta, "Berta"}, {true, kAnton, ""}, {false, kAnton, ""}}, &titles);
  expect_text(joined(titles), "Berta||");
}
GST_END_TEST;

// Anton's keyframe was lost: nothing of his until the next.
GST_START_TEST(test_video_of_another_without_keyframe) {
  std::vector<std::string> titles;
  const auto packets = shoot({{true, kBerta, "Berta"},
                              {false, kAnton, "Anton"},
                              {false, kAnton, "Anton"},
                              {true, kAnton, "Anton"},
                              {false, kAnton, "Anton"}},
                             &titles);
  ck_assert_uint_eq(packets.size(), 3);
  expect_text(joined(titles), "Berta|Anton|");
  ck_assert(!packets[1].has(GST_BUFFER_FLAG_DELTA_UNIT));
  ck_assert(packets[1].has(GST_BUFFER_FLAG_DISCONT));
  expect_text(packets[1].user_name, "Anton");
}
GST_END_TEST;

// Another camera has another size: caps and title follow, in front of its keyframe.
GST_START_TEST(test_size_of_another) {
  MeetingOptions options;
  options.duration_ms = 9000;
  options.sizes_differ = true;
  auto server = serve(fast_config(make_meeting(options)));
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "video");
    set(src, "video-resolution", "sd");
  });
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &pad = player.record().pad("video");
  std::string sizes;
  for (const EventPtr &event : pad.events) {
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_CAPS)
      continue;
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event.get(), &caps);
    const GstStructure *structure = gst_caps_get_structure(caps, 0);
    int width = 0, height = 0;
    gst_structure_get_int(structure, "width", &width);
    gst_structure_get_int(structure, "height", &height);
    sizes += std::to_string(width) + "x" + std::to_string(height) + "|";
  }
  // None before the first picture.
  expect_text(sizes, "0x0|640x360|480x360|640x360|");
  expect_text(joined(titles_of(pad)), "John Smith|Ada Lovelace|John Smith|");
}
GST_END_TEST;

static Suite *rtmssrc_people_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_people");
  TCase *people = tcase_create("people");
  tcase_set_timeout(people, kPatienceSeconds);
  tcase_add_test(people, test_come_and_go);
  tcase_add_test(people, test_crowd);
  tcase_add_test(people, test_contact_center_party);
  tcase_add_test(people, test_active_speaker_in_the_mix);
  tcase_add_test(people, test_video_of_another);
  tcase_add_test(people, test_video_of_another_without_keyframe);
  tcase_add_test(people, test_size_of_another);
  suite_add_tcase(suite, people);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_people)

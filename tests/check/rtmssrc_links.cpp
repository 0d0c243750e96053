// SPDX-License-Identifier: LGPL-2.1-or-later
// Links that change while a meeting runs: what is taken off, flushed, or put back.
#include "failures.h"
#include "live.h"

#include <algorithm>
#include <future>

using namespace rtmscheck;

namespace {

using PadPtr = Ptr<GstPad, gst_object_unref>;

Config ticking_config() {
  Config config = quiet_config();
  config.source = std::make_shared<Ticker>();
  return config;
}

void play_both(Player *player) {
  player->play();
  ck_assert(player->wait(
      [](const Record &r) { return r.packets("audio") > 0 && r.packets("video") > 0; }));
}

uint64_t audio_messages(const Player &player) {
  GstStructure *stats = nullptr, *audio = nullptr;
  g_object_get(player.src(), "stats", &stats, nullptr);
  gst_structure_get(stats, "audio", GST_TYPE_STRUCTURE, &audio, nullptr);
  guint64 messages = 0;
  gst_structure_get_uint64(audio, "messages", &messages);
  gst_structure_free(audio);
  gst_structure_free(stats);
  return messages;
}

}  // namespace

// A pipeline that goes down stops its sinks one after another, and may take pads apart meanwhile:
// what is flushing is no reason for an error.
GST_START_TEST(test_flushing_is_no_error) {
  auto server = serve(ticking_config());
  Player player(*server);
  play_both(&player);
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  PadPtr video(gst_element_get_static_pad(player.src(), "video"));
  PadPtr sink(gst_pad_get_peer(audio.get()));
  gst_pad_set_active(sink.get(), FALSE);
  PadPtr other(gst_pad_get_peer(video.get()));
  gst_pad_unlink(video.get(), other.get());
  const uint64_t sent = server->sent(Media::Video) + 20;
  // A sink that is being stopped may say EOS first: then that is the end, and no error either.
  ck_assert(server->wait_for(
      [sent](const Server &s) { return s.sent(Media::Video) >= sent || s.connections() == 0; },
      kDeadlineMs));
  player.stop();
  ck_assert_msg(player.record().count(GST_MESSAGE_ERROR) == 0, "%s", player.summary().c_str());
}
GST_END_TEST;

// A branch is taken off and put back: what came meanwhile went nowhere, and is told by DISCONT.
GST_START_TEST(test_linked_again) {
  Config config = ticking_config();
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server);
  play_both(&player);
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  PadPtr sink(gst_pad_get_peer(audio.get()));
  gst_pad_unlink(audio.get(), sink.get());
  const uint64_t counted = audio_messages(player);
  const uint64_t sent = server->sent(Media::Audio) + 20;
  ck_assert(server->wait_for([sent](const Server &s) { return s.sent(Media::Audio) >= sent; },
                             kDeadlineMs));
  // One may have been under way.
  ck_assert_uint_le(audio_messages(player), counted + 1);
  size_t before = 0;
  ck_assert(player.wait([&before](const Record &r) {
    before = r.packets("audio");
    return true;
  }));
  ck_assert_int_eq(gst_pad_link(audio.get(), sink.get()), GST_PAD_LINK_OK);
  ck_assert(player.wait([before](const Record &r) { return r.packets("audio") > before + 1; }));
  player.stop();
  const auto &packets = player.record().pad("audio").packets;
  const auto gap = std::adjacent_find(
      packets.begin(), packets.end(),
      [](const Packet &a, const Packet &b) { return Ticker::number(b) > Ticker::number(a) + 1; });
  ck_assert(gap != packets.end() && (gap + 1)->has(GST_BUFFER_FLAG_DISCONT));
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// What follows the only pad is exchanged while it is blocked, as GStreamer's documents say: nothing
// is lost, and the stream goes on.
GST_START_TEST(test_exchanged) {
  Config config = ticking_config();
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 5; }));
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  std::promise<void> blocked;
  const gulong block = gst_pad_add_probe(
      audio.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad *, GstPadProbeInfo *, gpointer data) {
        static_cast<std::promise<void> *>(data)->set_value();
        return GST_PAD_PROBE_OK;
      },
      &blocked, nullptr);
  blocked.get_future().wait();
  PadPtr sink(gst_pad_get_peer(audio.get()));
  gst_pad_unlink(audio.get(), sink.get());
  const uint64_t sent = server->sent(Media::Audio) + 20;
  ck_assert(server->wait_for([sent](const Server &s) { return s.sent(Media::Audio) >= sent; },
                             kDeadlineMs));
  ck_assert_int_eq(gst_pad_link(audio.get(), sink.get()), GST_PAD_LINK_OK);
  gst_pad_remove_probe(audio.get(), block);
  ck_assert(player.wait([sent](const Record &r) { return r.packets("audio") > sent + 5; }));
  player.stop();
  const auto &packets = player.record().pad("audio").packets;
  for (size_t i = 1; i < packets.size(); i++)
    ck_assert_uint_eq(Ticker::number(packets[i]), Ticker::number(packets[i - 1]) + 1);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// All pads are taken off. On one of them nothing arrives that could be pushed: that does not keep
// the stream.
GST_START_TEST(test_all_taken_off) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+transcript"));
  player.play();
  wait_ready(*server, 2);
  server->send_media(Media::Audio, audio_json(0));
  server->send_media(Media::Transcript, transcript_json(0, ""));
  ck_assert(player.wait(
      [](const Record &r) { return r.packets("audio") > 0 && r.packets("transcript") > 0; }));
  for (const char *name : {"audio", "transcript"}) {
    PadPtr pad(gst_element_get_static_pad(player.src(), name));
    PadPtr sink(gst_pad_get_peer(pad.get()));
    gst_pad_unlink(pad.get(), sink.get());
  }
  server->send_media(Media::Audio, audio_json(20));
  const Failure failure = player.wait_error();
  ck_assert_msg(contains(failure.text + failure.debug, "not-linked"), "%s", failure.text.c_str());
}
GST_END_TEST;

static Suite *rtmssrc_links_suite() {
  Suite *suite = suite_create("rtmssrc_links");
  TCase *links = tcase_create("links");
  tcase_add_test(links, test_flushing_is_no_error);
  tcase_add_test(links, test_linked_again);
  tcase_add_test(links, test_exchanged);
  tcase_add_test(links, test_all_taken_off);
  suite_add_tcase(suite, links);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_links)

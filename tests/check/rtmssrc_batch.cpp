// SPDX-License-Identifier: LGPL-2.1-or-later
// batch-time: buffers are pushed together, all of them, and a stop waits for none.
#include <set>

#include "fixture.h"

namespace {

using namespace rtmscheck;

constexpr unsigned kPackets = 100, kBatchMs = 200, kRoundMs = 20;

std::unique_ptr<Server> realtime_server() {
  Config config = fast_config(audio_source(kPackets));
  config.pace = Pace::Realtime;
  return serve(std::move(config));
}

Setup with_batch(guint batch_ms, bool shared = false) {
  return [batch_ms, shared](GstElement *src) {
    g_object_set(src, "batch-time", batch_ms, "share-thread", shared, nullptr);
  };
}

// How often buffers came after a pause of half a batch.
unsigned groups_of(const std::vector<Packet> &packets) {
  unsigned groups = 0;
  int64_t last_us = 0;
  for (const Packet &packet : packets) {
    groups += packet.arrival_us - last_us > kBatchMs * 1000 / 2;
    last_us = packet.arrival_us;
  }
  return groups;
}

}  // namespace

GST_START_TEST(test_together) {
  auto server = realtime_server();
  Player player(*server, with_batch(kBatchMs, __i__ == 1));
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &audio = player.record().pad("audio");
  ck_assert_uint_eq(audio.packets.size(), kPackets);
  for (unsigned i = 1; i < kPackets; i++)
    ck_assert_uint_eq(audio.packets[i].pts, audio.packets[i - 1].pts + 20 * GST_MSECOND);
  // No silence is seen while buffers wait.
  ck_assert_uint_eq(audio.order.find('g'), std::string::npos);
  const unsigned most = kPackets * 20 / kBatchMs + 2;
  const unsigned groups = groups_of(audio.packets);
  ck_assert_msg(groups >= 3 && groups <= most, "%u groups", groups);
}
GST_END_TEST;

GST_START_TEST(test_latency) {
  auto server = realtime_server();
  for (const guint batch_ms : {0u, kBatchMs}) {
    Player player(*server, with_batch(batch_ms));
    ck_assert(player.state(GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
    GstQuery *query = gst_query_new_latency();
    ck_assert(gst_element_query(player.src(), query));
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query, &live, &least, nullptr);
    gst_query_unref(query);
    ck_assert(live);
    ck_assert_uint_eq(least, (200 + batch_ms + (batch_ms ? kRoundMs : 0)) * GST_MSECOND);
    player.stop();
  }
}
GST_END_TEST;

// In the middle of a batch, which is longer than a stop may take.
GST_START_TEST(test_stop) {
  auto server = realtime_server();
  Player player(*server, with_batch(1000, __i__ == 1));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 0; }));
  player.stop();
}
GST_END_TEST;

// All pads push on one thread, and each has its GAPs and its EOS.
GST_START_TEST(test_one_thread) {
  auto source = audio_source(25);
  for (unsigned i = 0; i < 10; i++)
    source->add(item(Media::Video, 40 * i, access_unit(i == 0, 100, i)));
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  config.end = End::Nothing;
  auto server = serve(std::move(config));
  std::set<GThread *> threads;
  Player player(*server, [&](GstElement *src) {
    with_batch(50, true)(src);
    gst_util_set_object_arg(G_OBJECT(src), "media-types", "audio+video+transcript");
    g_signal_connect(src, "pad-added", G_CALLBACK(+[](GstElement *, GstPad *pad, gpointer data) {
                       gst_pad_add_probe(
                           pad, GST_PAD_PROBE_TYPE_BUFFER,
                           [](GstPad *, GstPadProbeInfo *, gpointer found) {
                             static_cast<std::set<GThread *> *>(found)->insert(g_thread_self());
                             return GST_PAD_PROBE_OK;
                           },
                           data, nullptr);
                     }),
                     &threads);
  });
  player.play();
  ck_assert_msg(player.wait([](const Record &r) {
    return r.packets("audio") == 25 && r.packets("video") == 10 &&
           r.pad("transcript").order.find('g') != std::string::npos &&
           r.pad("audio").order.find('g') != std::string::npos;
  }),
                "%s", player.summary().c_str());
  server->end_stream(6);
  player.wait_eos();
  player.stop();
  for (const char *pad : {"audio", "video", "transcript"})
    ck_assert_msg(player.record().pad(pad).eos(), "%s", pad);
  ck_assert_uint_eq(threads.size(), 1);
}
GST_END_TEST;

// A stop does not wait for a branch that blocks.
GST_START_TEST(test_blocked) {
  auto server = realtime_server();
  Player player(*server, [](GstElement *src) {
    with_batch(20, true)(src);
    g_signal_connect(src, "pad-added", G_CALLBACK(+[](GstElement *, GstPad *pad, gpointer) {
                       gst_pad_add_probe(
                           pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
                           [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; },
                           nullptr, nullptr);
                     }),
                     nullptr);
  });
  player.play();
  ck_assert(
      server->wait_for([](const Server &s) { return s.sent(Media::Audio) > 20; }, kDeadlineMs));
  player.stop();
}
GST_END_TEST;

GST_START_TEST(test_misuse) {
  auto server = realtime_server();
  Player player(*server, with_batch(0, true));
  player.state(GST_STATE_PAUSED);
  ck_assert(contains(player.wait_error().text, "share-thread=true needs batch-time"));
}
GST_END_TEST;

static Suite *rtmssrc_batch_suite() {
  Suite *suite = suite_create("rtmssrc_batch");
  TCase *tc = tcase_create("batch");
  suite_add_tcase(suite, tc);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, test_together, 0, 2);
  tcase_add_test(tc, test_latency);
  tcase_add_loop_test(tc, test_stop, 0, 2);
  tcase_add_test(tc, test_one_thread);
  tcase_add_test(tc, test_blocked);
  tcase_add_test(tc, test_misuse);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_batch)

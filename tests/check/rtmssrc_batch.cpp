// SPDX-License-Identifier: LGPL-2.1-or-later
// batch-time: buffers are pushed together, all of them, and a stop waits for none.
#include "fixture.h"

namespace {

using namespace rtmscheck;

constexpr unsigned kPackets = 100, kBatchMs = 200;

std::unique_ptr<Server> realtime_server() {
  Config config = fast_config(audio_source(kPackets));
  config.pace = Pace::Realtime;
  return serve(std::move(config));
}

Setup with_batch(guint batch_ms) {
  return [batch_ms](GstElement *src) { g_object_set(src, "batch-time", batch_ms, nullptr); };
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
  Player player(*server, with_batch(kBatchMs));
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
    ck_assert_uint_eq(least, (200 + batch_ms) * GST_MSECOND);
    player.stop();
  }
}
GST_END_TEST;

// In the middle of a batch, which is longer than a stop may take.
GST_START_TEST(test_stop) {
  auto server = realtime_server();
  Player player(*server, with_batch(1000));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 0; }));
  player.stop();
}
GST_END_TEST;

static Suite *rtmssrc_batch_suite() {
  Suite *suite = suite_create("rtmssrc_batch");
  TCase *tc = tcase_create("batch");
  suite_add_tcase(suite, tc);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, test_together);
  tcase_add_test(tc, test_latency);
  tcase_add_test(tc, test_stop);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_batch)

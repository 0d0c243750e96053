// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element reports when a pad drops buffers: QOS messages, and a warning.
#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

using PadPtr = Ptr<GstPad, gst_object_unref>;

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

// Two participants. The pipeline takes nothing of the first one's, and the pad drops from the
// fourth packet on; the other's tell that all before them have come.
class Overflow {
 public:
  Overflow() : server_(serve(quiet_config())), player_(*server_, setup) {
    g_signal_connect(player_.src(), "pad-added", G_CALLBACK(block), nullptr);
    player_.play();
    wait_ready(*server_, 1);
  }

  // Returns when they have come.
  void send(unsigned packets) {
    for (unsigned i = 0; i < packets; i++)
      server_->send_media(Media::Audio, audio_json(20 * sent_++, 7));
    server_->send_media(Media::Audio, audio_json(20 * sent_, 8));
    ck_assert(wait_packets(player_, "audio_1", ++times_));
  }
  unsigned count(GstMessageType type) {
    unsigned found = 0;
    player_.wait([&](const Record &r) {
      found = r.count(type);
      return true;
    });
    return found;
  }
  const Record &stop() {
    gst_element_set_state(player_.pipeline(), GST_STATE_NULL);
    return player_.record();
  }
  int64_t sent() const { return sent_; }

 private:
  static void setup(GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
    g_object_set(src, "max-queue-bytes", 2000, nullptr);
  }
  static void block(GstElement *, GstPad *pad, gpointer) {
    if (g_strcmp0(GST_PAD_NAME(pad), "audio_0") != 0)
      return;
    PadPtr peer(gst_pad_get_peer(pad));
    gst_pad_add_probe(
        peer.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
        [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  }

  std::unique_ptr<Server> server_;
  Player player_;
  int64_t sent_ = 0;
  size_t times_ = 0;
};

struct Qos {
  explicit Qos(GstMessage *message) {
    GstFormat format = GST_FORMAT_UNDEFINED;
    gst_message_parse_qos_stats(message, &format, &processed, &dropped);
    ck_assert_int_eq(format, GST_FORMAT_BUFFERS);
    gst_message_parse_qos(message, &live, &running, nullptr, &timestamp, &duration);
    ck_assert(live && GST_CLOCK_TIME_IS_VALID(running));
  }
  gboolean live = FALSE;
  guint64 processed = 0, dropped = 0, running = 0, timestamp = 0, duration = 0;
};

std::vector<Qos> qos_of(const Record &record) {
  std::vector<Qos> all;
  for (const MessagePtr &message : record.messages)
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_QOS)
      all.emplace_back(message.get());
  return all;
}

}  // namespace

// Nobody reads this bus: what is dropped without end is told once a second.
GST_START_TEST(test_dropped_unread) {
  Overflow overflow;
  const int64_t start_us = g_get_monotonic_time();
  overflow.send(1000);
  const int64_t seconds = (g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
  const Record &record = overflow.stop();
  ck_assert_uint_ge(record.count(GST_MESSAGE_QOS), 1);
  ck_assert_msg(record.count(GST_MESSAGE_QOS) <= static_cast<unsigned>(seconds) + 2,
                "%u QOS messages in %d s", record.count(GST_MESSAGE_QOS),
                static_cast<int>(seconds));
  ck_assert_uint_eq(record.count(GST_MESSAGE_WARNING), 1);
}
GST_END_TEST;

// A pipeline that is too slow gets to know what of: the messages together name all.
GST_START_TEST(test_dropped) {
  Overflow overflow;
  overflow.send(20);
  while (overflow.count(GST_MESSAGE_QOS) < 2)
    overflow.send(1);
  const int64_t sent = overflow.sent();
  const Record &record = overflow.stop();
  const std::vector<Qos> qos = qos_of(record);
  ck_assert_uint_eq(qos.size(), 2);
  ck_assert_uint_eq(qos[0].dropped, 1);
  ck_assert(qos[1].processed + qos[1].dropped == static_cast<guint64>(sent));
  ck_assert_uint_le(qos[1].processed, 4);
  // One is being pushed; of the others the newest are left.
  ck_assert_uint_le(qos[1].timestamp - qos[0].timestamp, 40 * GST_MSECOND);
  ck_assert_uint_eq(qos[1].timestamp + qos[1].duration,
                    (static_cast<guint64>(sent) - qos[1].processed) * 20 * GST_MSECOND);
  const GstStructure *details = nullptr;
  gst_message_parse_warning_details(const_cast<GstMessage *>(record.first(GST_MESSAGE_WARNING)),
                                    &details);
  ck_assert(details != nullptr);
  guint count = 0;
  guint64 from = 0, to = 0;
  ck_assert(gst_structure_get(details, "dropped", G_TYPE_UINT, &count, "from", G_TYPE_UINT64, &from,
                              "to", G_TYPE_UINT64, &to, nullptr));
  ck_assert_uint_ge(count, 1);
  ck_assert_uint_ge(to, from);
}
GST_END_TEST;

static Suite *rtmssrc_dropped_suite() {
  Suite *suite = suite_create("rtmssrc_dropped");
  TCase *dropped = tcase_create("dropped");
  tcase_add_test(dropped, test_dropped_unread);
  tcase_add_test(dropped, test_dropped);
  suite_add_tcase(suite, dropped);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_dropped)

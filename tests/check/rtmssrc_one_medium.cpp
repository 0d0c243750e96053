// SPDX-License-Identifier: LGPL-2.1-or-later
// One kind of media has trouble: it can neither end the others nor the process.
#include <atomic>

#include "hostile.h"

using namespace rtmscheck;

namespace {

constexpr char kBadAudio[] =
    R"({"msg_type":4,"status_code":0,"media_params":{"audio":{"content_type":2,"sample_rate":9,)"
    R"("channel":1,"codec":1,"data_opt":1,"send_rate":20}}})";

std::string event_7() {
  return event_json(7, R"("reason":0)");
}

}  // namespace

// On the connection for all, audio has parameters that cannot be used: it is opened again without.
// In the meantime there is no connection, but the service reports that it is lost.
GST_START_TEST(test_reported_lost_between_connections) {
  std::atomic<bool> refused{false};
  const RawServer::Talk signaling = [&](RawPeer &peer) {
    if (!peer.signaling_handshake() || !peer.server().wait_for([&] { return refused.load(); }))
      return;
    for (int i = 0; i < 10 && peer.server().pause(10); i++)
      peer.send_json(event_7());
    peer.linger();
  };
  const RawServer::Talk media = [&](RawPeer &peer) {
    if (!refused.exchange(true)) {
      peer.upgrade();
      peer.expect(3);
      peer.send_json(kBadAudio);
      peer.linger();
    } else if (peer.media_handshake() && peer.wait_ready()) {
      peer.send_json(media_json(15, 0, access_unit(true, 500, 1)));
      peer.linger();
    }
  };
  RawServer server(signaling, media);
  Player player([&](GstElement *src) {
    server.client()(src);
    set(src, "media-types", "audio+video");
    set(src, "connection-mode", "unified");
  });
  player.play();
  ck_assert_msg(player.wait([](const Record &r) { return r.packets("video") > 0; }), "%s",
                player.summary().c_str());
  player.stop();
  const Record &record = player.record();
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_eq(record.count(GST_MESSAGE_WARNING), 1);
  ck_assert(contains(failure_of(record.first(GST_MESSAGE_WARNING)).text, "sample_rate 9"));
  ck_assert_uint_eq(record.pads.count("audio"), 0);
  server.finish();
}
GST_END_TEST;

static Suite *rtmssrc_one_medium_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_one_medium");
  TCase *tcase = tcase_create("one_medium");
  tcase_set_timeout(tcase, kPatienceSeconds);
  tcase_add_test(tcase, test_reported_lost_between_connections);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_one_medium)

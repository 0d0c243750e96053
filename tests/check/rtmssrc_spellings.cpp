// SPDX-License-Identifier: LGPL-2.1-or-later
// Servers that say the same in other ways, from the webhook to the bus.
#include "failures.h"
#include "hostile.h"

using namespace rtmscheck;

namespace {

// `meeting` and `webinar`, as a webhook of a webinar has them.
std::string webinar(const RawServer &server) {
  return R"({"event":"webinar.rtms_started","payload":{"meeting_uuid":"meeting","webinar_uuid":)"
         R"("webinar","rtms_stream_id":"stream","server_urls":")" +
         server.url("/signaling") + "\"}}";
}

Setup by_webhook(const std::string &webhook, const char *media) {
  return [=](GstElement *src) {
    set(src, "media-types", media);
    g_object_set(src, "webhook", webhook.c_str(), "client-id", "id", "client-secret", "secret",
                 nullptr);
  };
}

// What is signed with the secret "secret" for the client "id" and the stream "stream".
std::string signature_of(const char *id) {
  const std::string text = std::string("id,") + id + ",stream";
  return CharPtr(g_compute_hmac_for_string(G_CHECKSUM_SHA256,
                                           reinterpret_cast<const guchar *>("secret"), 6,
                                           text.c_str(), static_cast<gssize>(text.size())))
      .get();
}

// A signaling server that takes that signature alone, and says so or hangs up.
RawServer::Talk signed_with(const char *id, bool says_so) {
  return [=](RawPeer &peer) {
    if (!peer.upgrade())
      return;
    const auto hello = peer.receive();
    const bool good = hello && contains(hello->payload, signature_of(id));
    if (!good && says_so)
      peer.send_json(R"({"msg_type":2,"status_code":3})");
    else if (!good)
      peer.send(raw_frame(0x88, "\x03\xe8"));
    else
      peer.send_json(R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{"all":")" +
                     peer.server().media_url() + "\"}}}");
    peer.linger();
  };
}

// Signaling that sends something when the media are there.
RawServer::Talk signaling_that_says(const std::string &json) {
  return [=](RawPeer &peer) {
    if (peer.signaling_handshake() && peer.expect(7) && peer.send_json(json))
      peer.linger();
  };
}

}  // namespace

// Of a webinar's two ids the service signs one or the other.
GST_START_TEST(test_webinar) {
  const char *const signs[] = {"meeting", "webinar", "webinar"};
  RawServer server(signed_with(signs[__i__], __i__ < 2), be_nice);
  Player player(by_webhook(webinar(server), "audio"));
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_uint_eq(server.accepted(), __i__ == 0 ? 2 : 3);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  server.finish();
}
GST_END_TEST;

// Which of the two it is holds for the next server, too.
GST_START_TEST(test_webinar_moves) {
  RawServer server(signed_with("webinar", true), [](RawPeer &peer) {
    if (peer.media_handshake())
      peer.linger();
  });
  Player player(by_webhook(webinar(server), "audio"));
  player.play();
  ck_assert(server.wait_for([&] { return server.received(7) == 1; }));
  ck_assert_uint_eq(server.accepted(), 3);
  g_signal_emit_by_name(player.src(), "rejoin", webinar(server).c_str());
  ck_assert(server.wait_for([&] { return server.received(7) == 2; }));
  player.stop();
  ck_assert_uint_eq(server.accepted(), 5);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  server.finish();
}
GST_END_TEST;

// Neither is right: that is the end, and once is enough.
GST_START_TEST(test_webinar_refused) {
  RawServer server(signed_with("another", true));
  Player player(by_webhook(webinar(server), "audio"));
  player.play();
  check_failure("refused", player.wait_error(),
                resource({GST_RESOURCE_ERROR_NOT_AUTHORIZED}, {"INVALID_SIGNATURE"}));
  player.stop();
  ck_assert_uint_eq(server.accepted(), 2);
  server.finish();
}
GST_END_TEST;

// One connection alone is offered; the transcript is asked for there.
GST_START_TEST(test_contact_center) {
  RawServer server(
      [](RawPeer &peer) {
        if (peer.upgrade() && peer.expect(1) &&
            peer.send_json(R"({"msg_type":2,"media_server":{"server_urls":{"audio":")" +
                           peer.server().media_url() + "\"}}}"))
          peer.linger();
      },
      [](RawPeer &peer) {
        if (peer.media_handshake())
          peer.linger();
      });
  const std::string webhook =
      R"({"event":"contact_center.voice_rtms_started","payload":{"engagement_id":"e",)"
      R"("rtms_stream_id":"stream","server_urls":")" +
      server.url("/signaling") + "\"}}";
  Player player(by_webhook(webhook, "audio+transcript"));
  player.play();
  ck_assert(server.wait_for([&] { return server.received(7) == 2; }));
  player.stop();
  ck_assert_uint_eq(server.accepted(), 3);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  server.finish();
}
GST_END_TEST;

// The reason is all that is known.
GST_START_TEST(test_refused_without_status) {
  RawServer server([](RawPeer &peer) {
    if (peer.upgrade() && peer.expect(1) &&
        peer.send_json(R"({"msg_type":2,"reason":"The app is not installed"})"))
      peer.linger();
  });
  Player player(server.client());
  player.play();
  check_failure("refused", player.wait_error(),
                resource({}, {"The app is not installed", "without a status"}));
  player.stop();
  server.finish();
}
GST_END_TEST;

GST_START_TEST(test_sharing_stops) {
  RawServer server(signaling_that_says(R"({"msg_type":6,"event":{"event_type":6,"timestamp":5}})"),
                   be_nice);
  Player player(server.client());
  player.play();
  ck_assert(
      player.wait([](const Record &r) { return r.named("rtms-sharing-stopped").size() == 1; }));
  player.stop();
  server.finish();
}
GST_END_TEST;

// The end is the end on whichever socket it comes: signaling is closed first, and what is left of
// the stream says why.
GST_START_TEST(test_end_on_media) {
  RawServer ending(
      [](RawPeer &peer) {
        if (peer.signaling_handshake() && peer.expect(7))
          peer.send(raw_frame(0x88, "\x03\xe8"));
      },
      [](RawPeer &peer) {
        if (peer.media_handshake() && peer.wait_ready() && peer.send_json(last_audio()) &&
            peer.close_code())
          peer.send_json(R"({"msg_type":8,"state":4,"reason":6})");
        peer.linger();
      });
  Player player(ending.client());
  player.play();
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(ending.accepted(), 2);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  ending.finish();
}
GST_END_TEST;

// The bus tells whether the service would start the stream anew.
GST_START_TEST(test_restartable) {
  const int reason = __i__ ? 13 : 6;
  RawServer server(
      signaling_that_says(R"({"msg_type":8,"state":4,"reason":)" + std::to_string(reason) + "}"),
      be_nice);
  Player player(server.client());
  player.play();
  player.wait_eos();
  player.stop();
  const auto states = player.record().named("rtms-stream-state");
  ck_assert_uint_eq(states.size(), 1);
  gboolean restartable = FALSE;
  ck_assert(gst_structure_get_boolean(states[0], "restartable", &restartable));
  ck_assert_int_eq(restartable, __i__ != 0);
  server.finish();
}
GST_END_TEST;

static Suite *rtmssrc_spellings_suite() {
  Suite *suite = suite_create("rtmssrc_spellings");
  TCase *tcase = tcase_create("spellings");
  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, test_webinar, 0, 3);
  tcase_add_test(tcase, test_webinar_moves);
  tcase_add_test(tcase, test_webinar_refused);
  tcase_add_test(tcase, test_contact_center);
  tcase_add_test(tcase, test_refused_without_status);
  tcase_add_test(tcase, test_sharing_stops);
  tcase_add_test(tcase, test_end_on_media);
  tcase_add_loop_test(tcase, test_restartable, 0, 2);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_spellings)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The test server against the document: a raw WebSocket client that sends literal texts.
#include "server_texts.h"

using namespace rtmscheck;

GST_START_TEST(test_unified) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.source = five_media();
  config.first_packet_timestamp = 1738392033600;
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  std::string hello = signaling.ask(kHello, 2);
  ck_assert_msg(has_status(hello, 0), "%s", hello.c_str());
  ck_assert(contains(hello, "\"all\":\"" + fixture.url("media/all") + "\""));
  ck_assert(contains(hello, "\"deskshare\":\"" + fixture.url("media/deskshare") + "\""));
  Client media(fixture.url("media/all"));
  std::string answer = media.ask(data_hello(32, kAll), 4);
  ck_assert_msg(has_status(answer, 0), "%s", answer.c_str());
  ck_assert_msg(contains(answer, kAll), "%s", answer.c_str());
  // A round trip through signaling proves that no media came before the ready.
  ck_assert(
      contains(signaling.ask(R"({"msg_type":19,"rtms_stream_id":"stream-1"})", 20), "\"state\":0"));
  ck_assert_uint_eq(fixture.server.sent(Media::Audio), 0);
  signaling.send(kReady);
  ck_assert(contains(signaling.next(8), "\"state\":1"));
  ck_assert(contains(signaling.next(9), "\"state\":2"));
  ck_assert(contains(signaling.next(6), "\"event_type\":1,\"timestamp\":1738392033600"));
  for (int type = 14; type <= 18; type++)
    ck_assert(!media.next(type).empty());
  ck_assert(contains(signaling.next(8), "\"state\":4,\"reason\":6"));
  ck_assert(signaling.closed() && media.closed());
  ck_assert_uint_eq(media.close_code(), 1000);
  ck_assert(fixture.server.finished());
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_split) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.offer_all = false;
  config.offered = {Media::Audio, Media::Chat};
  config.source = five_media();
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  std::string hello = signaling.ask(kHello, 2);
  ck_assert(!contains(hello, "\"all\"") && !contains(hello, "\"video\""));
  Client audio(fixture.url("media/audio")), chat(fixture.url("media/chat"));
  ck_assert(has_status(chat.ask(data_hello(16, kChat), 4), 0));
  ck_assert(has_status(audio.ask(data_hello(1, kAudio), 4), 0));
  // The first ready is that of the first handshake.
  signaling.send(kReady);
  ck_assert(!chat.next(18).empty());
  ck_assert_uint_eq(audio.count(14), 0);
  signaling.send(kReady);
  ck_assert(contains(audio.next(14), "\"data\":\"SGVsbG8u\",\"length\":6,"));
  ck_assert(contains(signaling.next(8), "\"state\":1"));
  ck_assert(contains(signaling.next(8), "\"state\":4"));
  ck_assert(audio.closed() && chat.closed() && signaling.closed());
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_duplicates) {
  Fixture fixture(plain_config());
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(has_status(signaling.ask(kHello, 2), 8));
  {
    Client first(fixture.url("media/audio")), second(fixture.url("media/audio"));
    ck_assert(has_status(first.ask(data_hello(1, kAudio), 4), 0));
    ck_assert(has_status(second.ask(data_hello(1, kAudio), 4), 16));
    ck_assert(has_status(first.ask(data_hello(1, kAudio), 4), 16));
  }
  ck_assert(
      fixture.server.wait_for([](const Server &s) { return s.connections() == 1; }, kDeadlineMs));
  Client all(fixture.url("media/all")), other(fixture.url("media/video"));
  ck_assert(has_status(all.ask(data_hello(32, kAll), 4), 0));
  ck_assert(has_status(other.ask(data_hello(2, kVideo), 4), 15));
}
GST_END_TEST;

GST_START_TEST(test_kicked) {
  Fixture fixture(plain_config());
  Client first(fixture.server.signaling_url()), media(fixture.url("media/all"));
  ck_assert(has_status(first.ask(kHello, 2), 0));
  ck_assert(has_status(media.ask(data_hello(32, kAll), 4), 0));
  Client second(fixture.server.signaling_url());
  ck_assert(has_status(second.ask(kHello, 2), 0));
  ck_assert(first.closed() && media.closed());
  ck_assert(fixture.violated("kicked: signaling"));
  ck_assert(has_status(second.ask(R"({"msg_type":21,"rtms_stream_id":"stream-1"})", 22), 0));
  ck_assert(second.closed());
}
GST_END_TEST;

GST_START_TEST(test_keep_alive) {
  Config config = plain_config();
  config.keep_alive_ms = 250;
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/chat"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(has_status(media.ask(data_hello(16, kChat), 4), 0));
  auto answer = [&signaling] {
    std::string request = signaling.next(12);
    if (!request.empty())
      signaling.send(replaced(request, "\"msg_type\":12", "\"msg_type\":13"));
  };
  // Signaling answers and lives on, media doesn't and is dropped.
  while (fixture.server.connections() == 2)
    answer();
  ck_assert(media.closed());
  ck_assert_uint_eq(media.count(12), 3);
  ck_assert(fixture.violated("violation: media/chat: keep-alives not answered"));
  ck_assert(contains(signaling.next(6), "\"event_type\":7"));
  ck_assert(contains(fixture.server.violations().front(), "media/chat"));
  ck_assert(signaling.closed());
  ck_assert(fixture.violated("violation: signaling: keep-alives not answered"));
}
GST_END_TEST;

GST_START_TEST(test_liberties) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.source = five_media();
  config.binary_frames = config.msg_type_last = config.escape_slashes = true;
  config.plain_content = config.string_ids = config.string_reasons = true;
  config.url_form = UrlForm::String;
  config.negotiate = R"({"audio":{"send_rate":40},"video":{"codec":5,"fps":5}})";
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  std::string hello = signaling.ask(kHello, 2);
  ck_assert(contains(hello, "\"media_server\":{\"server_urls\":\"ws:\\/\\/127.0.0.1:"));
  ck_assert(contains(hello, ",\"msg_type\":2}"));
  Client media(fixture.url("media/all"));
  std::string answer = media.ask(data_hello(32, kAll), 4);
  ck_assert(contains(answer, "\"send_rate\":40") && contains(answer, "\"codec\":5"));
  signaling.send(kReady);
  ck_assert(contains(media.next(14), "{\"content\":\"SGVsbG8u\",\"user_id\":\"16778240\""));
  ck_assert(!signaling.next(8).empty());
  ck_assert(contains(signaling.next(8), "\"reason\":\"STOP_BC_MEETING_ENDED\""));
  ck_assert(media.closed());
  ck_assert_uint_eq(media.binary_frames(), media.messages().size());
}
GST_END_TEST;

GST_START_TEST(test_video_subscription) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  auto source = std::make_shared<ListSource>();
  for (uint64_t user : {1, 2, 1, 2}) {
    MediaItem picture = item(Media::Video, 1738392033699, "x");
    picture.user_id = user;
    source->add(picture);
  }
  config.source = source;
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/video"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  std::string subscribe =
      R"({"msg_type":28,"user_id":2,"subscribe":true,"timestamp":1738392033699})";
  ck_assert(has_status(signaling.ask(subscribe, 29), 10));
  std::string params = replaced(kVideo, "\"data_opt\":3", "\"data_opt\":4");
  ck_assert(has_status(media.ask(data_hello(2, params), 4), 0));
  ck_assert(has_status(signaling.ask(subscribe, 29), 0));
  ck_assert(has_status(signaling.ask(subscribe, 29), 44));
  signaling.send(kReady);
  ck_assert(media.closed());
  ck_assert_uint_eq(media.count(15), 2);
  ck_assert(contains(media.next(15), "\"user_id\":2"));
}
GST_END_TEST;

GST_START_TEST(test_tls) {
  Config config = plain_config();
  config.tls = true;
  Fixture fixture(config);
  const std::string url = fixture.server.signaling_url();
  ck_assert(g_str_has_prefix(url.c_str(), "wss://127.0.0.1:"));
  Client trusting(url, fixture.server.ca_file());
  ck_assert(has_status(trusting.ask(kHello, 2), 0));
  Client distrusting(url);
  ck_assert(!distrusting.connected());
}
GST_END_TEST;

GST_START_TEST(test_webhook) {
  const struct {
    Product product;
    const char *event, *id;
  } products[] = {{Product::Meeting, "meeting.rtms_started", "meeting_uuid"},
                  {Product::Webinar, "webinar.rtms_started", "meeting_uuid"},
                  {Product::Session, "session.rtms_started", "session_id"},
                  {Product::ContactCenter, "contact_center.voice_rtms_started", "engagement_id"},
                  {Product::Phone, "phone.rtms_started", "call_id"}};
  for (const auto &row : products) {
    for (WebhookShape shape : {WebhookShape::Object, WebhookShape::Flat, WebhookShape::Inner}) {
      Config config = plain_config();
      config.product = row.product;
      config.webhook.shape = shape;
      Fixture fixture(config);
      std::string text = fixture.server.webhook_json();
      ck_assert(contains(text, std::string("\"") + row.id + "\":\"uuid==\""));
      ck_assert(contains(text, "\"server_urls\":\"" + fixture.server.signaling_url() + "\""));
      ck_assert(contains(text, std::string("\"signature\":\"") + kSignature + "\""));
      bool named = contains(text, std::string("\"event\":\"") + row.event + "\"");
      ck_assert(named == (shape != WebhookShape::Inner));
      ck_assert(contains(text, "\"payload\"") == (shape != WebhookShape::Inner));
      ck_assert(contains(text, "\"object\"") == (shape == WebhookShape::Object));
      // The id alone under the product's key is enough.
      Client client(fixture.server.signaling_url());
      std::string hello = replaced(kHello, "meeting_uuid", row.id);
      ck_assert(has_status(client.ask(hello, 2), 0));
    }
  }
}
GST_END_TEST;

static Suite *server_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server");
  TCase *tc = tcase_create("server");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_unified);
  tcase_add_test(tc, test_split);
  tcase_add_test(tc, test_duplicates);
  tcase_add_test(tc, test_kicked);
  tcase_add_test(tc, test_keep_alive);
  tcase_add_test(tc, test_liberties);
  tcase_add_test(tc, test_video_subscription);
  tcase_add_test(tc, test_tls);
  tcase_add_test(tc, test_webhook);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(server)

// SPDX-License-Identifier: LGPL-2.1-or-later
// What the test server takes and what it still refuses, and the odd forms that it speaks on
// request.
#include "contact_center.h"
#include "server_texts.h"

using namespace rtmscheck;

namespace {

struct Case {
  std::string request;
  int status;
};

void check_answers(const std::string &path, int type, const std::vector<Case> &cases) {
  for (const Case &one : cases) {
    Fixture fixture(service_config());
    Client signaling(fixture.server.signaling_url());
    if (type == 4)
      ck_assert(has_status(signaling.ask(kHello, 2), 0));
    Client client(fixture.url(path));
    const std::string answer = client.ask(one.request, type);
    ck_assert_msg(has_status(answer, one.status), "%d: %s: %s", one.status, one.request.c_str(),
                  answer.c_str());
  }
}

// Signaling and one connection for all media, which asks for `mask`.
struct Talk {
  explicit Talk(const Config &config, int mask = 32, const std::string &params = kAll)
      : fixture(config),
        signaling(fixture.server.signaling_url()),
        media(fixture.url("media/all")) {
    ck_assert(has_status(signaling.ask(kHello, 2), 0));
    answer = media.ask(data_hello(mask, params), 4);
    ck_assert_msg(has_status(answer, 0), "%s", answer.c_str());
  }
  Fixture fixture;
  Client signaling, media;
  std::string answer;
};

Config fast_service() {
  Config config = service_config();
  config.pace = Pace::Fast;
  config.source = five_media();
  return config;
}

}  // namespace

// Absent is not wrong.
GST_START_TEST(test_wrong_stays_wrong) {
  check_answers("signaling", 2,
                {{replaced(kHello, "\"sequence\":7,", ""), 0},
                 {replaced(kHello, "\"sequence\":7", "\"sequence\":\"7\""), 4},
                 {replaced(kHello, "meeting_uuid", "session_id"), 4},
                 {replaced(kHello, "\"meeting_uuid\":\"uuid==\",", ""), 4}});
  check_answers("media/all", 4,
                {{replaced(data_hello(1, kAudio), "{\"audio\":", "[],\"x\":{\"audio\":"), 17},
                 {data_hello(1, "\"audio\":1"), 18},
                 {data_hello(1, "\"audio\":{\"sample_rate\":9}"), 20},
                 {data_hello(1, "\"audio\":{\"send_rate\":\"20\"}"), 24},
                 {data_hello(1, "\"audio\":{\"codec\":4}"), 20},
                 {data_hello(2, "\"video\":{\"codec\":7,\"fps\":5}"), 30},
                 {data_hello(8, "\"transcript\":{\"language\":99}"), 43},
                 {data_hello(31, ""), 14}});
  check_answers("media/audio", 4, {{data_hello(32, kAll), 7}, {data_hello(8, kTranscript), 7}});
}
GST_END_TEST;

GST_START_TEST(test_defaults) {
  Fixture fixture(service_config());
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/all"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  const std::string answer = media.ask(data_hello(32, ""), 4);
  for (
      const char *params :
      {R"("audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20})",
       R"("video":{"content_type":3,"codec":5,"resolution":2,"fps":5,"data_opt":3})",
       R"("deskshare":{"content_type":3,"codec":5,"resolution":3,"fps":1})"})
    ck_assert_msg(contains(answer, params), "%s", answer.c_str());
}
GST_END_TEST;

GST_START_TEST(test_webhook_urls) {
  const struct {
    WebhookUrls form;
    const char *before, *after;
  } rows[] = {{WebhookUrls::String, "\"server_urls\":\"", "\""},
              {WebhookUrls::Array, "\"server_urls\":[\"", "\"]"},
              {WebhookUrls::Signaling, "\"server_urls\":{\"signaling\":\"", "\"}"},
              {WebhookUrls::Signal, "\"server_urls\":{\"signal\":\"", "\"}"},
              {WebhookUrls::All, "\"server_urls\":{\"all\":\"", "\"}"}};
  for (const auto &row : rows) {
    Config config = service_config();
    config.product = Product::Phone;
    config.webhook.urls = row.form;
    Fixture fixture(config);
    const std::string text = fixture.server.webhook_json();
    ck_assert_msg(contains(text, row.before + fixture.server.signaling_url() + row.after), "%s",
                  text.c_str());
    ck_assert(contains(text, "\"payload\":{\"account_id\":"));
  }
}
GST_END_TEST;

GST_START_TEST(test_webinar_ids) {
  Config config = service_config();
  config.product = Product::Webinar;
  config.webhook.webinar_uuid = "webinar==";
  config.webhook.webinar_uuid_signed = true;
  Fixture fixture(config);
  const std::string text = fixture.server.webhook_json();
  ck_assert(contains(text, "\"meeting_uuid\":\"uuid==\",\"webinar_uuid\":\"webinar==\""));
  ck_assert(!contains(text, kSignature));
  Client first(fixture.server.signaling_url()), second(fixture.server.signaling_url());
  ck_assert(has_status(first.ask(kHello, 2), 3));
  const auto at = text.find("\"signature\":\"") + 13;
  std::string hello = replaced(kHello, kSignature, text.substr(at, text.find('"', at) - at));
  hello = replaced(hello, "\"meeting_uuid\":", "\"webinar_uuid\":\"webinar==\",\"meeting_uuid\":");
  ck_assert(has_status(second.ask(hello, 2), 0));
}
GST_END_TEST;

GST_START_TEST(test_later_webhooks) {
  Fixture fixture(service_config());
  {
    Client lost(fixture.server.signaling_url());
    ck_assert(has_status(lost.ask(kHello, 2), 0));
    fixture.server.drop(Signaling, true);
    ck_assert(lost.closed());
  }
  ck_assert(fixture.server.wait_for([](const Server &s) { return s.webhooks().size() == 2; },
                                    kDeadlineMs));
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  fixture.server.end_stream(6);
  ck_assert(signaling.closed());
  // The client may see the end before the server has noted its webhook.
  ck_assert(fixture.server.wait_for([](const Server &s) { return s.webhooks().size() == 3; },
                                    kDeadlineMs));
  const std::vector<std::string> all = fixture.server.webhooks();
  ck_assert(all[0] == fixture.server.webhook_json());
  ck_assert(contains(all[1], "\"event\":\"meeting.rtms_interrupted\""));
  ck_assert(contains(all[2], "\"event\":\"meeting.rtms_stopped\""));
  ck_assert(contains(all[2], "\"rtms_stream_id\":\"stream-1\",\"stop_reason\":6"));
}
GST_END_TEST;

GST_START_TEST(test_refusal_forms) {
  const struct {
    RefusalForm form;
    const char *text;
  } rows[] = {{RefusalForm::StatusCode, "\"status_code\":17,\"reason\":\"duplicate\""},
              {RefusalForm::Status, "\"status\":17,\"reason\":\"duplicate\""},
              {RefusalForm::ReasonOnly, "\"reason\":\"duplicate\""}};
  for (const auto &row : rows) {
    Config config = service_config();
    config.status_media[Media::Audio] = config.status_signaling = 17;
    config.reason = "duplicate";
    config.odd.refusal = row.form;
    config.fault_times = 1;
    Fixture fixture(config);
    Client refused(fixture.server.signaling_url()), signaling(fixture.server.signaling_url());
    const std::string answer = refused.ask(kHello, 2);
    ck_assert_msg(contains(answer, row.text), "%s", answer.c_str());
    ck_assert(contains(answer, "status") == (row.form != RefusalForm::ReasonOnly));
    ck_assert(has_status(signaling.ask(kHello, 2), 0));
    Client media(fixture.url("media/audio"));
    ck_assert(contains(media.ask(data_hello(1, kAudio), 4), row.text));
  }
}
GST_END_TEST;

GST_START_TEST(test_informational) {
  Config config = service_config();
  config.informational = {102, 103};
  Fixture fixture(config);
  RawRequest request(fixture.server.port());
  const std::string text = request.read_until("101 ");
  ck_assert_msg(g_str_has_prefix(text.c_str(), "HTTP/1.1 102 ") && contains(text, "HTTP/1.1 103 "),
                "%s", text.c_str());
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
}
GST_END_TEST;

GST_START_TEST(test_mix_ids) {
  const struct {
    MixId id;
    bool strings;
    const char *text;
  } rows[] = {{MixId::Zero, false, "\"content\":{\"user_id\":0,"},
              {MixId::Zero, true, "\"content\":{\"user_id\":\"0\","},
              {MixId::MinusOne, false, "\"content\":{\"user_id\":-1,"},
              {MixId::AllOnes, false, "\"content\":{\"user_id\":4294967295,"},
              {MixId::None, false, "\"content\":{\"user_name\":"}};
  for (const auto &row : rows) {
    Config config = service_config();
    config.pace = Pace::Fast;
    config.odd.mix_id = row.id;
    config.odd.microseconds = true;
    config.string_ids = row.strings;
    MediaItem mix = item(Media::Audio, 1738392033699, "x"), one = item(Media::Chat, 1, "x");
    mix.user_id = 0;
    config.source = std::make_shared<ListSource>(std::vector<MediaItem>{mix, one});
    Talk talk(config);
    talk.signaling.send(kReady);
    const std::string text = talk.media.next(14);
    ck_assert_msg(contains(text, row.text), "%s", text.c_str());
    ck_assert_msg(contains(text, "\"timestamp\":1738392033699000"), "%s", text.c_str());
    ck_assert(contains(talk.media.next(18), row.strings ? "\"16778240\"" : ":16778240"));
  }
}
GST_END_TEST;

GST_START_TEST(test_payload_encrypted) {
  Config config = service_config();
  config.payload_encrypted = true;
  ck_assert(contains(Talk(config).answer, "\"payload_encrypted\":true"));
}
GST_END_TEST;

// H.264 was asked for; the answer says so or not.
GST_START_TEST(test_jpeg_for_h264) {
  for (const bool told : {true, false}) {
    Config config = service_config();
    config.pace = Pace::Fast;
    MeetingOptions options;
    options.duration_ms = 2000;
    config.source = make_meeting(options);
    (told ? config.negotiate : config.deliver) = R"({"video":{"codec":5,"fps":5}})";
    Talk talk(config, 2, replaced(kVideo, "\"resolution\":2", "\"resolution\":1"));
    ck_assert(contains(talk.answer, told ? "\"codec\":5" : "\"codec\":7"));
    talk.signaling.send(kReady);
    ck_assert(talk.media.closed());
    ck_assert_uint_eq(talk.media.count(15), 10);
    // FF D8 FF
    ck_assert(contains(talk.media.next(15), "\"data\":\"/9j/"));
  }
}
GST_END_TEST;

GST_START_TEST(test_attributes) {
  Config config = service_config();
  config.pace = Pace::Fast;
  MeetingOptions options;
  options.duration_ms = 6000;
  options.attributes = {0, 1, 2, 3};
  config.source = make_meeting(options);
  Talk talk(config, 8, kTranscript);
  talk.signaling.send(kReady);
  ck_assert(talk.media.closed());
  ck_assert_uint_eq(talk.media.count(17), 8);
  std::string start;
  for (int attribute = 0; attribute < 4; attribute++) {
    const std::string text = talk.media.next(17);
    ck_assert(contains(text, "\"attribute\":" + std::to_string(attribute)));
    ck_assert(contains(text, "sentence 1"));
    ck_assert(contains(text, "Corrected.") == (attribute == 2));
    const std::string own = text.substr(text.find("\"start_time\":"), 26);
    ck_assert(start.empty() || own == start);
    start = own;
  }
}
GST_END_TEST;

GST_START_TEST(test_contact_center_events) {
  for (const bool misspelt : {false, true}) {
    Config config = fast_service();
    config.product = Product::ContactCenter;
    MeetingOptions options;
    options.duration_ms = 100;
    options.channels = true;
    options.misspelt = misspelt;
    config.source = make_meeting(options);
    Talk talk(config, 1, kAudio);
    talk.signaling.send(
        R"({"msg_type":5,"events":[{"event_type":8,"subscribe":true},{"event_type":10,"subscribe":true}]})");
    talk.signaling.send(kReady);
    const std::string consumer = talk.signaling.next(6), agent = talk.signaling.next(6);
    const std::string key = misspelt ? "\"paticipant_info\":{" : "\"participant_info\":{";
    ck_assert_msg(contains(consumer, "\"event_type\":8") && contains(consumer, key), "%s",
                  consumer.c_str());
    ck_assert(contains(consumer, "\"channel_id\":\"16778240\""));
    ck_assert(contains(agent, "\"event_type\":10") && contains(agent, "\"display_name\":\"Ada"));
    ck_assert(contains(talk.media.next(14), "\"channel_id\":\"16778240\""));
  }
}
GST_END_TEST;

GST_START_TEST(test_urls) {
  for (const bool strict : {true, false}) {
    Config config = fast_service();
    config.strict = strict;
    config.product = Product::ContactCenter;
    config.offer_all = false;
    config.offered = {Media::Audio, Media::Transcript, Media::Deskshare};
    config.no_url = {Media::Transcript};
    config.odd.deskshare_key = "sharescreen";
    Fixture fixture(config);
    Client signaling(fixture.server.signaling_url()), media(fixture.url("media/audio"));
    const std::string answer = signaling.ask(kHello, 2);
    ck_assert(contains(answer, "\"audio\":") && !contains(answer, "\"transcript\":"));
    ck_assert(contains(answer, "\"sharescreen\":\"" + fixture.url("media/deskshare")));
    ck_assert(has_status(media.ask(data_hello(8, kTranscript), 4), 0));
    signaling.send(kReady);
    ck_assert(!media.next(17).empty());
    fixture.expect_no_violations();
  }
}
GST_END_TEST;

GST_START_TEST(test_subscription_without_echo) {
  Config config = service_config();
  config.odd.echo_subscribe = false;
  Talk talk(config, 2, replaced(kVideo, "\"data_opt\":3", "\"data_opt\":4"));
  const std::string answer = talk.signaling.ask(
      R"({"msg_type":28,"user_id":2,"subscribe":true,"timestamp":1738392033699})", 29);
  ck_assert(has_status(answer, 0) && !contains(answer, "subscribe"));
}
GST_END_TEST;

GST_START_TEST(test_terminated_on_media) {
  Config config = fast_service();
  config.end = End::TerminatedOnMedia;
  Talk talk(config);
  talk.signaling.send(kReady);
  ck_assert(talk.signaling.closed() && talk.media.closed());
  ck_assert_uint_eq(talk.signaling.count(8), 1);
  ck_assert(contains(talk.media.next(8), "\"state\":4,\"reason\":6"));
  ck_assert(talk.fixture.server.wait_for(
      [](const Server &s) { return contains(s.webhooks().back(), "rtms_stopped"); }, kDeadlineMs));
}
GST_END_TEST;

static Suite *server_options_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server_options");
  TCase *tc = tcase_create("server_options");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_wrong_stays_wrong);
  tcase_add_test(tc, test_defaults);
  tcase_add_test(tc, test_webhook_urls);
  tcase_add_test(tc, test_webinar_ids);
  tcase_add_test(tc, test_later_webhooks);
  tcase_add_test(tc, test_refusal_forms);
  tcase_add_test(tc, test_informational);
  tcase_add_test(tc, test_mix_ids);
  tcase_add_test(tc, test_payload_encrypted);
  tcase_add_test(tc, test_jpeg_for_h264);
  tcase_add_test(tc, test_attributes);
  tcase_add_test(tc, test_contact_center_events);
  tcase_add_test(tc, test_urls);
  tcase_add_test(tc, test_subscription_without_echo);
  tcase_add_test(tc, test_terminated_on_media);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(server_options)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The meeting that the test server makes up.
#include "server_texts.h"

using namespace rtmscheck;

static std::vector<guchar> data_of(const std::string &text) {
  JsonParser *parser = json_parser_new();
  ck_assert(json_parser_load_from_data(parser, text.c_str(), -1, nullptr));
  JsonObject *root = json_node_get_object(json_parser_get_root(parser));
  JsonObject *content = json_object_get_object_member(root, "content");
  gsize size = 0;
  guchar *bytes = g_base64_decode(json_object_get_string_member(content, "data"), &size);
  ck_assert_uint_eq(size, json_object_get_int_member(content, "length"));
  std::vector<guchar> data(bytes, bytes + size);
  g_free(bytes);
  g_object_unref(parser);
  return data;
}

static gint64 timestamp_of(const std::string &text) {
  auto at = text.find("\"timestamp\":");
  ck_assert(at != std::string::npos);
  return g_ascii_strtoll(text.c_str() + at + 12, nullptr, 10);
}

// The types of an Annex B stream's NAL units, in order.
static std::vector<int> nal_types(const std::vector<guchar> &data) {
  std::vector<int> types;
  for (std::size_t i = 0; i + 3 < data.size(); i++)
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1)
      types.push_back(data[i + 3] & 31);
  return types;
}

static void check_pictures(Client &media, unsigned count) {
  unsigned keyframes = 0;
  for (unsigned i = 0; i < count; i++) {
    std::string text = media.next(15);
    ck_assert(!text.empty());
    std::vector<int> types = nal_types(data_of(text));
    auto has = [&types](int type) {
      return std::find(types.begin(), types.end(), type) != types.end();
    };
    ck_assert(has(5) || has(1));
    ck_assert(i != 0 || has(5));
    if (!has(5))
      continue;
    keyframes++;
    ck_assert_msg(has(7) && has(8), "no SPS or PPS in front of IDR %u", i);
  }
  ck_assert_uint_ge(keyframes, 2);
}

GST_START_TEST(test_meeting) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.keep_alive_ms = 0;  // read one after the other, neither connection answers in time
  MeetingOptions options;
  options.duration_ms = 5000;
  options.start_timestamp = 1738392033000;
  config.source = make_meeting(options);
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/all"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":2,"subscribe":true}]})");
  std::string params = replaced(kAll, "\"resolution\":2,\"fps\":25", "\"resolution\":1,\"fps\":10");
  ck_assert(has_status(media.ask(data_hello(32, params), 4), 0));
  signaling.send(kReady);
  for (int i = 0; i < 250; i++) {
    std::string text = media.next(14);
    ck_assert_int_eq(timestamp_of(text), options.start_timestamp + i * 20);
    ck_assert_uint_eq(data_of(text).size(), 640);
  }
  check_pictures(media, 50);
  ck_assert(contains(media.next(17), "\"start_time\":"));
  ck_assert(contains(media.next(18), "\\\"operation_type\\\":1"));
  ck_assert(contains(signaling.next(6), "John Smith"));
  ck_assert(contains(signaling.next(6), "Ada Lovelace"));
  ck_assert(media.closed());
  ck_assert_uint_eq(media.count(14), 250);
  ck_assert_uint_eq(media.count(16), 75);
  fixture.expect_no_violations();
}
GST_END_TEST;

// Every codec gives a packet per send_rate; in RTP its first byte says version 2.
GST_START_TEST(test_meeting_codecs) {
  const struct {
    int content, rate, channel, codec;
    std::size_t size;  // 0: varies
  } rows[] = {{1, 3, 2, 4, 0}, {1, 0, 1, 2, 172}, {1, 1, 1, 3, 172}, {2, 3, 2, 1, 3840},
              {2, 3, 1, 4, 0}, {2, 0, 1, 2, 160}, {2, 1, 1, 3, 160}};
  for (const auto &row : rows) {
    Config config = plain_config();
    config.pace = Pace::Fast;
    MeetingOptions options;
    options.duration_ms = 200;
    config.source = make_meeting(options);
    config.offered = {Media::Audio};
    Fixture fixture(config);
    Client signaling(fixture.server.signaling_url()), media(fixture.url("media/audio"));
    ck_assert(has_status(signaling.ask(kHello, 2), 0));
    std::string request = audio(row.content, row.rate, row.channel, row.codec, 1, 20);
    ck_assert(has_status(media.ask(request, 4), 0));
    signaling.send(kReady);
    ck_assert(media.closed());
    ck_assert_uint_eq(media.count(14), 10);
    std::vector<guchar> data = data_of(media.next(14));
    ck_assert(!data.empty());
    if (row.size)
      ck_assert_uint_eq(data.size(), row.size);
    if (row.content == 1)
      ck_assert_int_eq(data[0] >> 6, 2);
  }
}
GST_END_TEST;

static Suite *server_meeting_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server_meeting");
  TCase *tc = tcase_create("server_meeting");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_meeting);
  tcase_add_test(tc, test_meeting_codecs);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(server_meeting)

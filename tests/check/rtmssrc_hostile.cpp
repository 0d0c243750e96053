// SPDX-License-Identifier: LGPL-2.1-or-later
// A server whose messages make no sense: they are ignored and counted, or end the session with one
// clear error; and what makes sense still comes through.
#include "hostile.h"
#include "hostilescenes.h"

namespace {

using namespace rtmscheck;

Setup all_media(const RawServer &server) {
  return [setup = server.client()](GstElement *src) {
    setup(src);
    set(src, "media-types", "audio+video+screen+transcript+chat");
    set(src, "connection-mode", "unified");
    set(src, "transcript-format", "json");
  };
}

}  // namespace

// Each message is delivered, dropped or ignored, and counted as that; the connection lives on.
GST_START_TEST(test_media_fields) {
  Scene scene;
  scene.media = spoiled(media_messages()[static_cast<size_t>(__i__)]);
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(all_media(server));
  expect_streaming(player, server);
  const uint64_t counted = stat(player.src(), "messages") + stat(player.src(), "dropped") +
                           stat(player.src(), "ignored") + stat(player.src(), "keep-alives");
  player.stop();
  ck_assert_msg(counted >= scene.media.size(), "%" G_GUINT64_FORMAT " of %zu", counted,
                scene.media.size());
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  server.finish();
}
GST_END_TEST;

GST_START_TEST(test_signaling_fields) {
  Scene scene;
  scene.signaling = spoiled(signaling_messages()[static_cast<size_t>(__i__)]);
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(server.client());
  expect_streaming(player, server);
  // Some are no JSON.
  ck_assert_uint_ge(stat(player.src(), "ignored"), 10);
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  server.finish();
}
GST_END_TEST;

GST_START_TEST(test_garbage) {
  Scene scene;
  scene.signaling = scene.media = garbage();
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(server.client());
  expect_streaming(player, server);
  // The message with two types is one of video, which was not asked for, or of audio without data.
  ck_assert_uint_eq(stat(player.src(), "ignored"), 2 * garbage().size());
  player.stop();
  server.finish();
}
GST_END_TEST;

// Payloads that are no base64: dropped and counted, each of them. Payloads that are not as long as
// they say are handed on, and counted.
GST_START_TEST(test_payloads) {
  const std::string data[] = {"A",          "A.",         "AA.",        "AAAAA",    "AAA=AAAA",
                              "====",       "A===",       "AA=A",       "AAAA====", "AA==AA==",
                              "AAA\\n",     "AA AA===",   " AAAA",      "AAAA\\n",  "A-_A",
                              "AA\\u0000A", "\\u00e9AAA", "AAAA\\t===="};
  Scene scene;
  for (const std::string &text : data)
    scene.media.push_back(R"({"msg_type":14,"content":{"user_id":5,"data":")" + text +
                          R"(","timestamp":1738392033000}})");
  const size_t damaged = scene.media.size();
  for (const char *length :
       {"641", "639", "0", "-1", "-640", "1e9", "9223372036854775807", "641.5"})
    scene.media.push_back(audio_json(0, kUser, std::string(",\"length\":") + length));
  const size_t misfits = scene.media.size() - damaged;
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(server.client());
  expect_streaming(player, server);
  ck_assert_uint_eq(stat(player.src(), "dropped"), damaged);
  ck_assert_uint_eq(stat(player.src(), "ignored"), misfits);
  ck_assert_uint_eq(stat(player.src(), "messages"), misfits + 1);
  player.stop();
  ck_assert(player.record().pad("audio").packets.front().has(GST_BUFFER_FLAG_DISCONT));
  server.finish();
}
GST_END_TEST;

// Answers that nothing asked for: no warnings, however many there are.
GST_START_TEST(test_unasked_answers) {
  Scene scene;
  for (int i = 0; i < 500; i++)
    for (const char *text : {R"({"msg_type":29,"user_id":5,"subscribe":true,"status_code":45})",
                             R"({"msg_type":22,"status_code":45,"reason":"no"})",
                             R"({"msg_type":2,"status_code":3,"reason":"no"})",
                             R"({"msg_type":4,"status_code":9,"reason":"no"})"})
      scene.signaling.push_back(text);
  scene.media = scene.signaling;
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(server.client());
  expect_streaming(player, server);
  ck_assert_uint_eq(stat(player.src(), "ignored"), 2 * scene.media.size());
  player.stop();
  ck_assert_msg(player.record().count(GST_MESSAGE_WARNING) == 0, "%s", player.summary().c_str());
  server.finish();
}
GST_END_TEST;

static Suite *rtmssrc_hostile_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_hostile");
  TCase *messages = tcase_create("messages");
  tcase_set_timeout(messages, kPatienceSeconds);
  tcase_add_loop_test(messages, test_media_fields, 0, static_cast<int>(media_messages().size()));
  tcase_add_loop_test(messages, test_signaling_fields, 0,
                      static_cast<int>(signaling_messages().size()));
  tcase_add_test(messages, test_garbage);
  tcase_add_test(messages, test_payloads);
  tcase_add_test(messages, test_unasked_answers);
  suite_add_tcase(suite, messages);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_hostile)

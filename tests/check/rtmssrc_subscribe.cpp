// SPDX-License-Identifier: LGPL-2.1-or-later
// Individual video: whom the service is asked for, and when.
#include <json-glib/json-glib.h>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

constexpr unsigned kPictures = 10;

Config video_config() {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < kPictures; i++)
    source->add(item(Media::Video, 40 * i, access_unit(i == 0, 500, i), 33));
  Config config = fast_config(source);
  config.end = End::Nothing;
  return config;
}

void individual(GstElement *src) {
  set(src, "media-types", "audio+video");
  set(src, "video-streams", "individual");
  set(src, "retry-delay", "50");
}

void subscribe(const Player &player, guint64 user, bool on) {
  g_signal_emit_by_name(player.src(), "subscribe-video", user, static_cast<gboolean>(on));
}

// "33 on", "33 off", … as the server got them.
std::vector<std::string> subscriptions(const Server &server) {
  std::vector<std::string> all;
  for (const Received &message : server.received()) {
    if (!contains(message.text, "\"msg_type\":28"))
      continue;
    ObjectPtr<JsonParser> parser(json_parser_new());
    ck_assert(json_parser_load_from_data(parser.get(), message.text.c_str(), -1, nullptr));
    JsonObject *request = json_node_get_object(json_parser_get_root(parser.get()));
    all.push_back(std::to_string(json_object_get_int_member(request, "user_id")) +
                  (json_object_get_boolean_member(request, "subscribe") ? " on" : " off"));
  }
  return all;
}

void wait_subscriptions(Server &server, const std::vector<std::string> &wanted) {
  ck_assert_msg(
      server.wait_for([&](const Server &s) { return subscriptions(s) == wanted; }, kDeadlineMs),
      "%" G_GSIZE_FORMAT " subscriptions", subscriptions(server).size());
}

}  // namespace

// Nothing is lost that was asked for before there is anybody to ask; the last word counts.
GST_START_TEST(test_before_the_connection) {
  auto server = serve(video_config());
  Player player(*server, individual);
  player.state(GST_STATE_PAUSED);
  subscribe(player, 7, true);
  subscribe(player, 8, true);
  subscribe(player, 8, false);
  subscribe(player, 33, true);
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("video") == kPictures; }));
  wait_subscriptions(*server, {"33 on"});
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  expect_no_violations(*server);
}
GST_END_TEST;

// A service that lost a connection has forgotten what it was asked for.
GST_START_TEST(test_renewed_after_a_loss) {
  const Where lost = __i__ == 0 ? Signaling : Where(Media::Video);
  auto server = serve(video_config());
  Player player(*server, individual);
  player.play();
  wait_streaming(player, *server, 2);
  subscribe(player, 33, true);
  wait_subscriptions(*server, {"33 on"});
  server->drop(lost, true);
  wait_subscriptions(*server, {"33 on", "33 on"});
  subscribe(player, 33, false);
  wait_subscriptions(*server, {"33 on", "33 on", "33 off"});
  // Who is not wanted any more is not asked for again.
  const unsigned links = __i__ == 0 ? 4 : 3;
  wait_ready(*server, links);
  server->drop(lost, true);
  wait_ready(*server, __i__ == 0 ? links + 2 : links + 1);
  subscribe(player, 34, true);
  wait_subscriptions(*server, {"33 on", "33 on", "33 off", "34 on"});
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  expect_no_violations(*server);
}
GST_END_TEST;

// What one connection cannot be asked for is told, and not sent: not with other settings, not where
// the service gives the active speaker's video all the same.
GST_START_TEST(test_unsuitable) {
  Config config = video_config();
  if (__i__ == 2)
    config.negotiate = R"({"video":{"data_opt":3}})";
  auto server = serve(config);
  Player player(*server, [i = __i__](GstElement *src) {
    set(src, "media-types", i == 0 ? "audio" : "video");
    set(src, "video-streams", i == 1 ? "active-speaker" : "individual");
  });
  player.play();
  wait_streaming(player, *server, 1);
  const unsigned before = __i__ == 2 ? 1 : 0;  // the downgrade
  subscribe(player, 33, true);
  ck_assert(player.wait(
      [before](const Record &r) { return r.count(GST_MESSAGE_WARNING) == before + 1; }));
  player.stop();
  const MessagePtr &warning = *std::find_if(
      player.record().messages.rbegin(), player.record().messages.rend(),
      [](const MessagePtr &m) { return GST_MESSAGE_TYPE(m.get()) == GST_MESSAGE_WARNING; });
  check_failure("unsuitable", failure_of(warning.get()),
                resource({GST_RESOURCE_ERROR_SETTINGS}, {"subscribe-video", "video-streams"}));
  ck_assert(subscriptions(*server).empty());
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *rtmssrc_subscribe_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_subscribe");
  TCase *video = tcase_create("subscribe");
  tcase_set_timeout(video, kPatienceSeconds);
  tcase_add_test(video, test_before_the_connection);
  tcase_add_loop_test(video, test_renewed_after_a_loss, 0, 2);
  tcase_add_loop_test(video, test_unsuitable, 0, 3);
  suite_add_tcase(suite, video);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_subscribe)

// SPDX-License-Identifier: LGPL-2.1-or-later
// After a loss: which refusals are final, and which are tried again.
#include <algorithm>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

struct Refusal {
  int http;    // of the upgrade; or
  int status;  // of the handshake
  bool final;
};
const Refusal kRefusals[] = {
    {401, 0, true},  {403, 0, true},  {404, 0, true},  {302, 0, true},  {400, 0, true},
    {503, 0, false}, {500, 0, false}, {502, 0, false}, {504, 0, false}, {429, 0, false},
    {408, 0, false}, {421, 0, false}, {425, 0, false}, {0, 2, true},    {0, 3, true},
    {0, 7, true},    {0, 15, true},   {0, 17, true},   {0, 47, true},   {0, 8, false},
    {0, 16, false},  {0, 45, false},
};

void refuse(Config *config, bool signaling, const Refusal &refusal) {
  (signaling ? config->upgrade_status_signaling : config->upgrade_status_media) = refusal.http;
  config->redirect_to = "http://127.0.0.1:1/";
  if (signaling)
    config->status_signaling = refusal.status;
  else if (refusal.status)
    config->status_media[Media::Audio] = refusal.status;
  else
    config->status_media.clear();
}

Setup quick() {
  return [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "retry-delay", "50");
  };
}

}  // namespace

GST_START_TEST(test_refused_after_a_loss) {
  const Refusal &refusal = kRefusals[__i__ / 2];
  const bool signaling = __i__ % 2;
  auto server = serve(quiet_config());
  Player player(*server, quick());
  player.play();
  wait_streaming(player, *server, 1);
  const unsigned requests = server->requests();
  server->configure([&](Config &config) { refuse(&config, signaling, refusal); });
  server->drop(signaling ? Signaling : Where(Media::Audio), true);
  const std::string what = std::to_string(refusal.http + refusal.status);
  if (refusal.final) {
    // The status of a media connection counts when signaling has answered a ping.
    const unsigned tries = signaling || refusal.http ? 1 : 2;
    check_failure(what, player.wait_error(), resource({}, {what}));
    ck_assert_uint_eq(server->requests(), requests + tries);
    return;
  }
  // Refused twice at least, then the old connection is forgotten, or the server is up again.
  ck_assert(
      server->wait_for([=](const Server &s) { return s.requests() >= requests + 2; }, kDeadlineMs));
  server->configure([&](Config &config) { refuse(&config, signaling, {}); });
  wait_ready(*server, 2);
  server->send_media(Media::Audio, audio_json(1000));
  ck_assert_msg(player.wait([](const Record &r) { return r.packets("audio") == 1; }), "%s: %s",
                what.c_str(), player.summary().c_str());
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  ck_assert(player.record().pad("audio").packets[0].has(GST_BUFFER_FLAG_DISCONT));
}
GST_END_TEST;

// The service has lost the signaling connection, whose end never arrives, and drops the media
// connections with it: it refuses new ones until there is signaling.
GST_START_TEST(test_refused_without_signaling) {
  auto server = serve(quiet_config());
  Player player(*server, quick());
  player.play();
  wait_streaming(player, *server, 1);
  const unsigned requests = server->requests();
  server->configure([](Config &config) { refuse(&config, false, {0, 2, true}); });
  server->silence(Signaling);
  server->drop(Media::Audio, true);
  // The refused one, and signaling again.
  ck_assert(
      server->wait_for([=](const Server &s) { return s.requests() >= requests + 2; }, kDeadlineMs));
  server->configure([](Config &config) { refuse(&config, false, {}); });
  wait_ready(*server, 2);
  server->send_media(Media::Audio, audio_json(1000));
  ck_assert_msg(player.wait([](const Record &r) { return r.packets("audio") == 1; }), "%s",
                player.summary().c_str());
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// The signaling connection is lost while a media connection was never answered: that is tried again
// like the others.
GST_START_TEST(test_refused_before_it_was_answered) {
  Config config = quiet_config();
  config.silent_media = true;
  config.fault_times = 1;
  auto server = serve(config);
  Player player(*server, quick());
  set(player.src(), "media-types", "audio+video");
  player.play();
  // One of the two is told to begin.
  wait_ready(*server, 1);
  const unsigned requests = server->requests();
  server->configure([&](Config &changed) {
    changed.silent_media = false;
    changed.upgrade_status_media = 503;
    changed.fault_times = 2;
  });
  server->drop(Signaling, true);
  wait_streaming(player, *server, 3);
  ck_assert_uint_gt(server->requests(), requests + 3);
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// A connection that is refused at the port: as 503.
GST_START_TEST(test_port_closed_for_a_while) {
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    quick()(src);
    set(src, "signaling-reconnect-window", "4000");
  });
  player.play();
  wait_streaming(player, *server, 1);
  server->stop();
  const Failure failure = player.wait_error();
  check_failure("refused", failure, resource({}, {"refused"}));
  const auto states = player.record().named("rtms-connection");
  ck_assert_msg(std::count_if(states.begin(), states.end(),
                              [](const GstStructure *state) {
                                return !g_strcmp0(gst_structure_get_string(state, "state"),
                                                  "reconnecting");
                              }) >= 2,
                "%s", player.summary().c_str());
}
GST_END_TEST;

static Suite *rtmssrc_verdicts_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_verdicts");
  TCase *verdicts = tcase_create("verdicts");
  tcase_set_timeout(verdicts, kPatienceSeconds);
  tcase_add_loop_test(verdicts, test_refused_after_a_loss, 0, 2 * G_N_ELEMENTS(kRefusals));
  tcase_add_test(verdicts, test_refused_without_signaling);
  tcase_add_test(verdicts, test_refused_before_it_was_answered);
  tcase_add_test(verdicts, test_port_closed_for_a_while);
  suite_add_tcase(suite, verdicts);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_verdicts)

// SPDX-License-Identifier: LGPL-2.1-or-later
// States: nothing flows below PLAYING, and up and down goes any number of times, at any moment.
#include <algorithm>

#include "failures.h"

using namespace rtmscheck;

GST_START_TEST(test_no_preroll) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server, with("media-types", "audio"));
  ck_assert_int_eq(player.state(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  ck_assert(player.wait([](const Record &r) { return count(r.signals, "no-more-pads") == 1; }));
  auto any = [](const Record &r) { return r.packets("audio") > 0; };
  ck_assert(!player.wait(any, 300));
  player.play();
  ck_assert(player.wait(any));
  ck_assert_int_eq(player.state(GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  // What was on its way may still come.
  const uint64_t sent = server->sent(Media::Audio);
  ck_assert(server->wait_for([=](const Server &s) { return s.sent(Media::Audio) > sent + 2; },
                             kDeadlineMs));
  std::size_t before = 0;
  player.wait([&before](const Record &r) { return (before = r.packets("audio"), true); });
  auto more = [&before](const Record &r) { return r.packets("audio") > before; };
  ck_assert(!player.wait(more, 300));
  player.play();
  ck_assert(player.wait(more));
  player.stop();
}
GST_END_TEST;

// One element, up and down, each time with a stream of its own.
GST_START_TEST(test_up_and_down) {
  constexpr unsigned kRounds = 20;
  std::unique_ptr<Player> player;
  for (unsigned round = 1; round <= kRounds; round++) {
    Config config = round % 3 ? fast_config(audio_source(5)) : endless_config(Pace::Fast, 5);
    auto server = serve(config);
    if (!player)
      player = std::make_unique<Player>(*server, with("media-types", "audio"));
    g_object_set(player->src(), "webhook", server->webhook_json().c_str(), nullptr);
    player->play();
    ck_assert_msg(
        player->wait([round](const Record &r) { return r.packets("audio") == 5 * round; }),
        "%u: %s", round, player->summary().c_str());
    if (round % 2)
      player->stop();
    else
      ck_assert_int_eq(player->state(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    ck_assert(server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
    ck_assert_uint_eq(count(player->record().signals, "-audio"), round);
    expect_no_violations(*server);
  }
  ck_assert_uint_eq(player->record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// Down again before anything could be answered.
GST_START_TEST(test_up_and_down_at_once) {
  constexpr unsigned kRounds = 20;
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server);
  for (unsigned round = 0; round < kRounds; round++) {
    player.play();
    if (round % 2)
      player.stop();
    else
      ck_assert_int_eq(player.state(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  }
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  ck_assert(server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 0; }));
  player.stop();
}
GST_END_TEST;

// As soon as there are so many connections, in the midst of the handshakes.
GST_START_TEST(test_stop_between_handshakes) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server);
  for (unsigned connections = 1; connections <= 5; connections++) {
    unsigned before = server->accepted();
    player.play();
    ck_assert(server->wait_for(
        [&](const Server &s) { return s.accepted() >= before + connections; }, kDeadlineMs));
    player.stop();
    ck_assert(server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
  }
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

static Suite *rtmssrc_states_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_states");
  TCase *states = tcase_create("states");
  tcase_set_timeout(states, kPatienceSeconds);
  tcase_add_test(states, test_no_preroll);
  tcase_add_test(states, test_up_and_down);
  tcase_add_test(states, test_up_and_down_at_once);
  tcase_add_test(states, test_stop_between_handshakes);
  suite_add_tcase(suite, states);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_states)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements that share the thread of their connections.
#include <filesystem>
#include <fstream>
#include <thread>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

constexpr int kPlayers = 5;

// How many threads of this process have that name.
int threads_named(const std::string &name) {
  int count = 0;
  for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string text;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, text);
    count += text == name;
  }
  return count;
}

// A thread has the name of its creator for a moment, and is listed for a moment after its end.
void expect_threads(const std::string &name, int wanted) {
  const int64_t end_us = g_get_monotonic_time() + kDeadlineMs * 1000;
  while (threads_named(name) != wanted && g_get_monotonic_time() < end_us)
    std::this_thread::yield();
  ck_assert_int_eq(threads_named(name), wanted);
}

struct Meeting {
  std::unique_ptr<Server> server;
  std::unique_ptr<Player> player;
};

std::vector<Meeting> meetings(const char *context) {
  std::vector<Meeting> all;
  for (int i = 0; i < kPlayers; i++) {
    Config config = quiet_config();
    config.source = std::make_shared<Ticker>();
    Meeting meeting;
    meeting.server = serve(config);
    meeting.player = std::make_unique<Player>(*meeting.server, [context](GstElement *src) {
      set(src, "media-types", "audio+video");
      g_object_set(src, "context", context, nullptr);
    });
    meeting.player->play();
    all.push_back(std::move(meeting));
  }
  return all;
}

void wait_more(Player &player) {
  std::size_t seen = 0;
  player.wait([&seen](const Record &record) {
    seen = record.packets("audio");
    return true;
  });
  ck_assert(player.wait([seen](const Record &r) { return r.packets("audio") > seen + 5; }));
}

}  // namespace

GST_START_TEST(test_shared) {
  std::vector<Meeting> all = meetings("shared");
  for (Meeting &meeting : all)
    wait_more(*meeting.player);
  expect_threads("rtmssrc", 1);
  // One that goes takes nothing from the others.
  for (int i = 0; i < kPlayers - 1; i++) {
    all[i].player->stop();
    wait_more(*all[kPlayers - 1].player);
  }
  all[kPlayers - 1].player->stop();
  expect_threads("rtmssrc", 0);
  for (Meeting &meeting : all)
    ck_assert_msg(meeting.player->record().count(GST_MESSAGE_ERROR) == 0, "%s",
                  meeting.player->summary().c_str());
}
GST_END_TEST;

GST_START_TEST(test_own) {
  std::vector<Meeting> all = meetings(nullptr);
  for (Meeting &meeting : all)
    wait_more(*meeting.player);
  expect_threads("rtmssrc", kPlayers);
}
GST_END_TEST;

// A server that floods one of them: the others have their turns.
GST_START_TEST(test_flood) {
  std::vector<Meeting> all = meetings("flooded");
  Config config = quiet_config();
  config.pace = Pace::Fast;
  config.source = std::make_shared<Ticker>(1000);
  auto flooding = serve(config);
  Player flooded(*flooding, [](GstElement *src) {
    set(src, "media-types", "audio");
    g_object_set(src, "context", "flooded", nullptr);
  });
  flooded.play();
  ck_assert(flooded.wait([](const Record &r) { return r.packets("audio") > 2000; }));
  for (Meeting &meeting : all)
    wait_more(*meeting.player);
  flooded.stop();
}
GST_END_TEST;

static Suite *rtmssrc_context_suite() {
  Suite *suite = suite_create("rtmssrc_context");
  TCase *context = tcase_create("context");
  suite_add_tcase(suite, context);
  tcase_add_test(context, test_shared);
  tcase_add_test(context, test_own);
  tcase_add_test(context, test_flood);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_context)

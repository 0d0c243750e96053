// SPDX-License-Identifier: LGPL-2.1-or-later
// What the operator's page is told: how loud a meeting is and who speaks; and how often a token may
// be guessed.
#include "admin/access.h"
#include "admin/attempts.h"
#include "audio/levels.h"

#include "gst_check.h"

#include <string>
#include <vector>

using namespace rtms::recorder;

namespace {

constexpr int64_t kSecond_us = 1000000;

void add(Levels *levels, const char *who, const char *name, int16_t peak, int64_t now_us) {
  const int16_t samples[] = {0, static_cast<int16_t>(-peak), 5};
  levels->add(who, name, samples, 3, now_us);
}

}  // namespace

GST_START_TEST(test_levels) {
  Levels levels;
  fail_unless_equals_int(levels.now(0).peak_db, Levels::kSilence_db);
  add(&levels, "1", "Ada", 3277, 0);
  add(&levels, "2", "", 327, kSecond_us / 2);
  add(&levels, "3", "Quiet", 100, kSecond_us / 2);
  Levels::Now now = levels.now(kSecond_us / 2);
  fail_unless_equals_int(now.peak_db, -20);
  fail_unless(now.speaking == std::vector<std::string>({"Ada", "2"}));
  now = levels.now(3 * kSecond_us / 2);
  fail_unless_equals_int(now.peak_db, -40);
  fail_unless(now.speaking == std::vector<std::string>({"2"}));
  now = levels.now(5 * kSecond_us);
  fail_unless(now.speaking.empty() && now.peak_db == Levels::kSilence_db);
  const int16_t loudest = INT16_MIN;
  levels.add("1", "Ada", &loudest, 1, 5 * kSecond_us);
  fail_unless_equals_int(levels.now(5 * kSecond_us).peak_db, 0);
}
GST_END_TEST;

// The service names who speaks in its mix.
GST_START_TEST(test_mix) {
  Levels levels;
  add(&levels, "", "", 3277, 0);
  fail_unless(levels.now(0).speaking.empty());
  levels.active("Ada");
  add(&levels, "", "", 3277, 1);
  fail_unless(levels.now(1).speaking == std::vector<std::string>({"Ada"}));
  levels.active("Grace");
  add(&levels, "", "", 3277, 2);
  fail_unless(levels.now(2).speaking == std::vector<std::string>({"Grace"}));
  add(&levels, "", "", 10, 2 * kSecond_us);
  fail_unless(levels.now(2 * kSecond_us).speaking.empty());
}
GST_END_TEST;

GST_START_TEST(test_many_speak) {
  Levels levels;
  for (int i = 0; i < 100000; i++)
    add(&levels, std::to_string(i).c_str(), "Somebody", 3277, i);
  fail_unless_equals_int(static_cast<int>(levels.now(100000).speaking.size()),
                         static_cast<int>(Levels::kMostNames));
  // The others have their turn when those are silent.
  add(&levels, "new", "New", 3277, 3 * kSecond_us);
  fail_unless(levels.now(3 * kSecond_us).speaking == std::vector<std::string>({"New"}));
}
GST_END_TEST;

GST_START_TEST(test_attempts) {
  Attempts attempts;
  const int64_t every_us = Attempts::kEvery_s * kSecond_us;
  for (unsigned i = 0; i < Attempts::kMost; i++) {
    fail_unless(attempts.allowed("a", 1), "guess %u", i);
    attempts.failed("a", 1);
  }
  fail_unless(!attempts.allowed("a", 1) && attempts.allowed("b", 1));
  fail_unless(!attempts.allowed("a", every_us));
  fail_unless(attempts.allowed("a", 1 + every_us));
  attempts.failed("a", 1 + every_us);
  fail_unless(!attempts.allowed("a", 1 + every_us));
  fail_unless(attempts.allowed("a", 1 + Attempts::kMost * every_us));
}
GST_END_TEST;

// Addresses without end neither take memory nor free the one that guesses most.
GST_START_TEST(test_many_addresses) {
  Attempts attempts;
  for (unsigned i = 0; i < Attempts::kMost; i++)
    attempts.failed("guesser", 1);
  for (int i = 0; i < 100000; i++)
    attempts.failed(std::to_string(i), 2);
  fail_unless(attempts.addresses() <= Attempts::kMostAddresses);
  fail_unless(!attempts.allowed("guesser", 2));
  attempts.failed("last", 3600 * kSecond_us);
  fail_unless_equals_int(static_cast<int>(attempts.addresses()), 1);
}
GST_END_TEST;

// Wrong tokens from the operator's address lock the operator out only if the token can be guessed.
GST_START_TEST(test_right_after_wrong) {
  for (const size_t length : {31, 32}) {
    const std::string token(length, 'x');
    Access access({}, rtms::Secret(token));
    const auto status = [&](const std::string &guess) {
      rtms::HttpHead head;
      head.headers = {{"host", "localhost"}, {"authorization", "Bearer " + guess}};
      const auto refused = access.refuse(head, "a", true, 1);
      return refused ? static_cast<int>(refused->status) : 200;
    };
    fail_unless_equals_int(status(token), 200);
    for (unsigned i = 0; i < Attempts::kMost; i++)
      fail_unless_equals_int(status("wrong"), 401);
    fail_unless_equals_int(status("wrong"), 429);
    fail_unless_equals_int(status(token), length < 32 ? 429 : 200);
  }
}
GST_END_TEST;

static Suite *recorder_levels_suite(void) {
  Suite *suite = suite_create("recorder_levels");
  TCase *tc = tcase_create("levels");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_levels);
  tcase_add_test(tc, test_mix);
  tcase_add_test(tc, test_many_speak);
  tcase_add_test(tc, test_attempts);
  tcase_add_test(tc, test_many_addresses);
  tcase_add_test(tc, test_right_after_wrong);
  return suite;
}

GST_CHECK_MAIN(recorder_levels)

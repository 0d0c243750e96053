// SPDX-License-Identifier: LGPL-2.1-or-later
// Webhooks are written until the store has them. The clock and the store are the test's own.
#include "cluster/publications.h"

#include "gst_check.h"

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rtms::recorder;

constexpr int64_t kTick_ms = 100;

// A store that answers when it is told to.
struct Store {
  Publications publications{
      [this](const std::string &key, const std::string &body, std::function<void(bool)> done) {
        written.push_back(key + "=" + body);
        pending.push_back(std::move(done));
        if (refuses)
          answer(false);
      }};
  std::vector<std::string> written;
  std::vector<std::function<void(bool)>> pending;
  std::vector<bool> told;
  int64_t now = 1000;
  bool refuses = false;

  void publish() {
    const auto tell = [this](bool good) { told.push_back(good); };
    publications.add("key", "body", tell, now);
  }
  void pass(int64_t ms) {
    for (const int64_t end = now + ms; now < end;)
      publications.tick(now += kTick_ms);
  }
  void answer(bool good) {
    for (const auto &done : std::exchange(pending, {}))
      done(good);
  }
};

}  // namespace

GST_START_TEST(test_stored) {
  Store store;
  store.publish();
  ck_assert(store.told.empty());
  store.answer(true);
  ck_assert(store.told == std::vector<bool>{true});
  store.pass(Publications::kLongest_ms);
  ck_assert(store.written == std::vector<std::string>{"key=body"});
  ck_assert_uint_eq(store.told.size(), 1);
}
GST_END_TEST;

// The store elects a leader, for a second, and for six: the service gets its answer in time, and
// the webhook is written however it was answered.
GST_START_TEST(test_not_yet) {
  Store brief;
  brief.refuses = true;
  brief.publish();
  brief.pass(1000);
  ck_assert(brief.told.empty());
  ck_assert_uint_ge(brief.written.size(), 3);
  ck_assert_uint_le(brief.written.size(), 6);
  brief.refuses = false;
  brief.pass(500);
  brief.answer(true);
  ck_assert(brief.told == std::vector<bool>{true});

  Store longer;
  longer.refuses = true;
  longer.publish();
  longer.pass(Publications::kAnswer_ms);
  ck_assert(longer.told == std::vector<bool>{false});
  longer.pass(3500);
  longer.refuses = false;
  const size_t before = longer.written.size();
  longer.pass(500);
  ck_assert_uint_eq(longer.written.size(), before + 1);
  longer.answer(true);
  longer.pass(5000);
  ck_assert_uint_eq(longer.written.size(), before + 1);
  ck_assert_uint_eq(longer.told.size(), 1);
}
GST_END_TEST;

GST_START_TEST(test_never) {
  Store gone;
  gone.refuses = true;
  gone.publish();
  gone.pass(Publications::kLongest_ms);
  const size_t written = gone.written.size();
  gone.pass(10000);
  ck_assert_uint_eq(gone.written.size(), written);
  ck_assert(gone.told == std::vector<bool>{false});
  // One that is never answered is not written twice.
  Store silent;
  silent.publish();
  silent.pass(10000);
  ck_assert_uint_eq(silent.written.size(), 1);
  ck_assert(silent.told == std::vector<bool>{false});
}
GST_END_TEST;

static Suite *publications_suite() {
  Suite *suite = suite_create("publications");
  TCase *tcase = tcase_create("publications");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_stored);
  tcase_add_test(tcase, test_not_yet);
  tcase_add_test(tcase, test_never);
  return suite;
}

GST_CHECK_MAIN(publications)

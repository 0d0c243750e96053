// SPDX-License-Identifier: LGPL-2.1-or-later
// What recorders write into their common store: whatever stands there, nobody crashes, and what is
// old is forgotten.
#include "cluster/wire.h"

#include "gst_check.h"

#include <string>
#include <variant>

using namespace rtms::recorder;

GST_START_TEST(test_records) {
  ClaimRecord claim;
  claim.stream = "stream==";
  claim.part = 2;
  claim.webhook = R"({"event":"meeting.rtms_started"})";
  const auto back = record_of(to_json({"stream==", claim, 7, "writer", 9}));
  fail_unless(back && back->follows == 7 && back->ticket == 9 && back->writer == "writer");
  const auto read = std::get_if<ClaimRecord>(&back->record);
  fail_unless(read && read->stream == claim.stream && read->part == 2 &&
              read->webhook == claim.webhook);
  LeaseRecord lease;
  lease.name = "one";
  lease.load = 0.25;
  lease.takes = true;
  const auto other = record_of(to_json({"id", lease, 0, "writer", 1}));
  const auto held = other ? std::get_if<LeaseRecord>(&other->record) : nullptr;
  fail_unless(held && held->name == "one" && held->takes);
  assert_equals_float(held->load, 0.25);
}
GST_END_TEST;

// By a slip of an operator, or by another program.
GST_START_TEST(test_strange_records) {
  const std::string deep(200000, '[');
  for (const std::string &text :
       {std::string(), std::string("{"), std::string("null"), std::string("[]"), deep,
        R"({"id":)" + deep, std::string(R"({"id":1})"), std::string(R"({"id":{}})"),
        std::string(R"({"follows":1})"), std::string(R"({"id":""})")})
    fail_if(record_of(text).has_value(), "%.40s", text.c_str());
  const auto record = record_of(
      R"({"id":"x","stream":["y"],"follows":"z","writer":1,"load":"high","takes":7,"most":-1})");
  fail_unless(record && record->follows == 0 && record->writer.empty());
  fail_unless(std::holds_alternative<LeaseRecord>(record->record));
}
GST_END_TEST;

// JetStream's answers to writes.
GST_START_TEST(test_stored_at) {
  fail_unless(stored_at(R"({"stream":"KV_rtms-recorder","seq":7})") == 7);
  for (const char *refused :
       {R"({"error":{"code":503,"description":"no leader"},"stream":"s","seq":7})", "", "{", "[7]",
        R"({"seq":"7"})", R"({"stream":"KV_rtms-recorder"})"})
    fail_unless(stored_at(refused) == 0, "%s", refused);
}
GST_END_TEST;

// Each stream and each recorder has a key; a month of meetings has many.
GST_START_TEST(test_fold_forgets) {
  constexpr int64_t kMinute_ms = 60 * 1000;
  Fold fold;
  uint64_t place = 0;
  for (int64_t minute = 0; minute < 7 * 24 * 60; minute++) {
    fail_unless(fold.take("stream" + std::to_string(minute), ++place, 0, minute * kMinute_ms));
    const uint64_t before = fold.revision("lease");
    fail_unless(fold.take("lease", ++place, before, minute * kMinute_ms));
    fail_if(fold.take("lease", ++place, before ? before - 1 : 0, minute * kMinute_ms) && before);
    fail_unless(fold.size() <= 3 * 60, "%zu keys", fold.size());
  }
}
GST_END_TEST;

static Suite *cluster_records_suite() {
  Suite *suite = suite_create("cluster_records");
  TCase *tcase = tcase_create("records");
  tcase_add_test(tcase, test_records);
  tcase_add_test(tcase, test_strange_records);
  tcase_add_test(tcase, test_stored_at);
  tcase_add_test(tcase, test_fold_forgets);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(cluster_records)

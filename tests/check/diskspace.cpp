// SPDX-License-Identifier: LGPL-2.1-or-later
// What one meeting may take of a disk: its texts, and where the disk fills, who ends first; what
// can still be written on a full one.
#include "disk/diskwatch.h"
#include "disk/keeping.h"
#include "text/textbudget.h"
#include "text/texts.h"

#include <filesystem>

#include "recording.h"
#include "tinydisk.h"

namespace {

using namespace rtms::recorder;
using namespace rtmscheck;
namespace fs = std::filesystem;

constexpr uint64_t kMB = 1 << 20;
constexpr int64_t kSecond_us = 1000000;

// Recordings that write so much each second, and a disk.
struct Disk {
  std::vector<std::string> look(uint64_t spare, bool ends = false) {
    std::vector<DiskUse> uses;
    for (auto &[stream, rate] : per_s)
      uses.push_back({stream, written[stream] += rate});
    std::vector<std::string> ended;
    for (const auto &one : rationing.look(uses, spare, ends)) {
      ended.push_back(one.stream);
      runaways += one.bytes_per_s > 0;
    }
    return ended;
  }
  void pass(unsigned seconds) {
    for (unsigned i = 0; i < seconds; i++)
      ck_assert(look(UINT64_MAX).empty());
  }

  std::map<std::string, uint64_t> per_s, written;
  unsigned runaways = 0;
  SpaceRationing rationing;
};
using Streams = std::vector<std::string>;

}  // namespace

GST_START_TEST(test_budget) {
  constexpr uint64_t kMessage = 1 << 20;
  TextBudget budget;
  int64_t now_us = 7 * kSecond_us;
  uint64_t taken = 0;
  const auto take = [&](uint64_t bytes) {
    const bool taking = budget.take(bytes, now_us);
    taken += taking ? bytes : 0;
    return taking;
  };
  while (take(kMessage))
    continue;
  ck_assert_uint_eq(taken, TextBudget::kBurst);
  // Small ones find no room, either; then each has its share of time.
  ck_assert(!take(1));
  const uint64_t burst = taken;
  for (int i = 0; i < 10 * 1000; i++) {
    now_us += 1000;
    take(1500);
  }
  ck_assert_uint_le(taken - burst, 10 * 1000 * 1000);
  ck_assert_uint_ge(taken - burst, 9 * 1000 * 1000);
  // A meeting of days.
  for (int i = 0; i < 3600; i++) {
    now_us += 2 * kSecond_us;
    take(kMessage);
  }
  ck_assert_uint_le(taken, TextBudget::kTotal);
  ck_assert_uint_gt(taken, TextBudget::kTotal - kMessage);
}
GST_END_TEST;

// The chat does not take the room of the transcript.
GST_START_TEST(test_texts) {
  TemporaryDirectory directory;
  const std::string big(1 << 20, 'y');
  {
    Texts texts(directory.path(), [](const std::string &, int) { ck_abort(); });
    for (int i = 0; i < 40; i++)
      texts.chat(big);
    const uint64_t left_out = texts.left_out();
    ck_assert_uint_ge(left_out, 20);
    texts.transcript({"5", "A", "hello", 0, 0, true, true, Spoken::Operation::New, "{}"}, 0);
    texts.finish();
    ck_assert_uint_eq(texts.left_out(), left_out);
    ck_assert_uint_eq(texts.names().size(), 3);
  }
  ck_assert_uint_le(fs::file_size(directory.file("chat.jsonl")), TextBudget::kBurst + 4 * kMB);
  ck_assert_uint_eq(fs::file_size(directory.file("transcript.jsonl")), 3);
  ck_assert_uint_gt(fs::file_size(directory.file("meeting.vtt")), 20);
}
GST_END_TEST;

// The one that fills the disk ends while there is room for the others, and they go on.
GST_START_TEST(test_runaway) {
  Disk disk;
  disk.per_s = {{"a", 50000}, {"b", 120 * kMB}, {"c", 300000}, {"d", 0}};
  disk.pass(10);
  ck_assert(disk.look(1204 * kMB).empty());
  ck_assert(disk.look(1203 * kMB) == Streams{"b"});
  ck_assert_uint_eq(disk.runaways, 1);
  // What it has received is still written: once is enough.
  for (int i = 0; i < 20; i++)
    ck_assert(disk.look(900 * kMB).empty());
  // Its next part is another recording.
  disk.written["b"] = 0;
  disk.pass(5);
  ck_assert(disk.look(100 * kMB) == Streams{"b"});
}
GST_END_TEST;

// It filled the disk before anybody could look. Its end does not help: a few seconds later, all
// end.
GST_START_TEST(test_too_fast) {
  Disk disk;
  disk.per_s = {{"a", 50000}, {"b", 120 * kMB}, {"c", 200 * kMB}, {"d", 60 * kMB}};
  ck_assert(disk.look(0, true) == (Streams{"b", "c", "d"}));
  disk.per_s = {{"a", 50000}};
  unsigned seconds = 1;
  Streams ended;
  while ((ended = disk.look(0, true)).empty())
    seconds++;
  ck_assert_uint_eq(seconds, 6);
  ck_assert(ended == Streams{"a"});
  ck_assert_uint_eq(disk.runaways, 3);
}
GST_END_TEST;

// Nobody writes much more than others: all end at the same time, and not before.
GST_START_TEST(test_all) {
  const std::map<std::string, uint64_t> all[] = {
      {{"a", 120 * kMB}},                       // whom should it spare?
      {{"a", 120 * kMB}, {"b", 5 * kMB}},       // both write more than meetings do
      {{"a", 3 * kMB}, {"b", 1000}, {"c", 0}},  // a large meeting, two small ones
      {{"a", 9 * kMB}, {"b", 2 * kMB}, {"c", 3 * kMB / 2}, {"d", kMB}}};
  for (const auto &per_s : all) {
    Disk disk;
    disk.per_s = per_s;
    disk.pass(10);
    ck_assert(disk.look(0).empty());
    ck_assert_uint_eq(disk.look(0, true).size(), per_s.size());
    ck_assert_uint_eq(disk.runaways, 0);
  }
  // What a muxer or a burst of texts writes at once is no rate.
  Disk disk;
  disk.per_s = {{"a", 1000}, {"b", 1000}};
  disk.pass(10);
  disk.written["a"] += TextBudget::kBurst;
  ck_assert(disk.look(kMB).empty());
}
GST_END_TEST;

// On a full disk, there is room for webhooks.
GST_START_TEST(test_reserve) {
  TemporaryDirectory directory;
  const TinyDisk tiny(directory.path(), "1M");
  Log log;
  unsigned problems = 0;
  log.set_screen([&problems](const std::string &) { problems++; });
  Keeping keeping(directory.path(), &log);
  const auto keep = [&](const char *stream) {
    keeping.keep(stream, {"{\"event\":\"meeting.rtms_started\",\"payload\":{\"rtms_stream_id\":\"" +
                              std::string(stream) + "\"}}",
                          "folder"});
    while (keeping.busy())
      g_main_context_iteration(nullptr, TRUE);
  };
  keep("first");
  TinyDisk::fill(directory.file("filler"));
  for (const char *stream : {"second", "third", "fourth"})
    keep(stream);
  ck_assert_uint_eq(problems, 0);
  fs::remove(directory.file("filler"));
  keep("fifth");
  ck_assert(fs::exists(Keeping::folder_of(directory.path()) + "/.reserve"));
  // It is no meeting.
  for (const char *stream : {"first", "second", "third", "fourth", "fifth"})
    keeping.leave(stream);
  while (keeping.busy())
    g_main_context_iteration(nullptr, TRUE);
  std::vector<FoundMeeting> found;
  bool done = false;
  Keeping(directory.path(), &log).find([&](std::vector<FoundMeeting> all) {
    found = std::move(all);
    done = true;
  });
  while (!done)
    g_main_context_iteration(nullptr, TRUE);
  ck_assert_uint_eq(found.size(), 5);
  ck_assert(fs::exists(Keeping::folder_of(directory.path()) + "/.reserve"));
}
GST_END_TEST;

static Suite *diskspace_suite() {
  Suite *suite = suite_create("diskspace");
  // Before there is any thread: else nobody may leave the mounts of all.
  const bool mounts = TinyDisk(g_get_tmp_dir(), "250k").mounted();
  TCase *tcase = tcase_create("all");
  tcase_add_test(tcase, test_budget);
  tcase_add_test(tcase, test_texts);
  tcase_add_test(tcase, test_runaway);
  tcase_add_test(tcase, test_too_fast);
  tcase_add_test(tcase, test_all);
  if (mounts)
    tcase_add_test(tcase, test_reserve);
  else
    g_print("no disk to fill: this needs root\n");
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(diskspace)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections are lost for a while, and the service replays the sound of that time: in a recording
// all of it is in its place. RTMS_OUTAGES says for how long, in seconds; the table of what was
// found goes into docs/reliability.md.
#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <iterator>
#include <sstream>
#include <thread>

#include "outage.h"
#include "recording.h"

#include <glib/gstdio.h>

using namespace rtmscheck;

namespace {

// Each waits, mostly. But a minute of sound that comes at once is work.
constexpr std::size_t kAtATime = 8;

struct Row {
  OutageRun outage;
  std::string folder, line;
  OutageResult result;
};

// The lengths in s; the longest are recorded first.
std::vector<Row> rows_in(const TemporaryDirectory &directory) {
  const char *lengths = g_getenv("RTMS_OUTAGES");
  std::istringstream words(lengths ? lengths : "4 1");
  std::vector<Row> rows;
  for (int64_t seconds = 0; words >> seconds;)
    for (const auto lost : kLost)
      for (const auto replayed : kReplayed) {
        const std::string folder = directory.file(std::to_string(rows.size()));
        ck_assert_int_eq(g_mkdir(folder.c_str(), 0700), 0);
        rows.push_back({{lost, replayed, seconds * 1000}, folder, record_line(folder), {}});
      }
  return rows;
}

// Lets one recorder after the other start: all at once would keep each other from real time.
class Queue {
 public:
  void wait(std::size_t turn) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(kDeadlineMs), [&] { return turn_ >= turn; });
  }
  void next(std::size_t turn) {
    std::lock_guard<std::mutex> lock(mutex_);
    turn_ = std::max(turn_, turn);
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t turn_ = 0;
};

void record_all(std::vector<Row> *rows) {
  std::atomic<std::size_t> next{0};
  Queue queue;
  const auto work = [&](std::size_t worker) {
    queue.wait(worker);
    for (std::size_t i = next++; i < rows->size(); i = next++) {
      Row &row = (*rows)[i];
      row.result = record_outage(row.outage, row.folder, row.line, [&] { queue.next(worker + 1); });
      queue.next(worker + 1);  // also where it failed
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < (g_getenv("RTMS_OUTAGES") ? kAtATime : rows->size()); i++)
    threads.emplace_back(work, i);
  for (std::thread &thread : threads)
    thread.join();
}

std::string text(const char *format, ...) G_GNUC_PRINTF(1, 2);
std::string text(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  CharPtr text(g_strdup_vprintf(format, arguments));
  va_end(arguments);
  return text.get();
}

std::string to_string(const OutageResult &r) {
  return r.error.empty()
             ? text(
                   "away %.2f s, %.2f s replayed, %.2f s of it in place, %.2f s lost, audio off "
                   "by %.0f ms, %u discontinuities, video off by %.0f ms, %u of %u lost",
                   r.away, r.replay, r.placed, r.lost, r.off * 1000, r.disconts,
                   r.picture_off * 1000, r.pictures_lost, r.pictures)
             : r.error;
}

// Of the table: what the three replays came to.
std::string table_row(const Row *rows) {
  std::string line =
      text("| %d s | %s |", static_cast<int>(rows->outage.away_ms / 1000), name(rows->outage.lost));
  double off = 0, picture_off = 0;
  unsigned pictures_lost = 0;
  for (std::size_t i = 0; i < std::size(kReplayed); i++) {
    const OutageResult &r = rows[i].result;
    if (!r.error.empty())
      line += " " + r.error + " |";
    else if (r.replay > 0)
      line += text(" %.2f s, %.2f s, %.2f s |", r.replay, std::min(r.placed, r.replay), r.lost);
    else
      line += text(" %.2f s, %.2f s |", r.missing, r.lost);
    off = std::max(off, r.off);
    picture_off = std::max(picture_off, r.picture_off);
    pictures_lost += r.pictures_lost;
  }
  return line + text(" %.0f ms | %.0f ms | %u |\n", off * 1000, picture_off * 1000, pictures_lost);
}

void print_table(const std::vector<Row> &rows) {
  std::string table =
      "| outage | connection lost | at once: replayed, in place, lost | at 5×: replayed, in place, "
      "lost | none: not sent, lost | audio off | video off | video frames lost |\n"
      "|---|---|---|---|---|---|---|---|\n";
  const auto replays = static_cast<std::ptrdiff_t>(std::size(kReplayed) * std::size(kLost));
  for (auto group = rows.end(); group != rows.begin();) {
    group -= replays;
    for (std::size_t i = 0; i < std::size(kLost); i++)
      table += table_row(&*group + i * std::size(kReplayed));
  }
  std::fputs(table.c_str(), stdout);
}

}  // namespace

GST_START_TEST(test_outages) {
  constexpr double kPacket = 0.02, kPicture = 0.04, kExact = 0.001;
  TemporaryDirectory directory;
  std::vector<Row> rows = rows_in(directory);
  record_all(&rows);
  if (g_getenv("RTMS_OUTAGES"))
    print_table(rows);
  for (const Row &row : rows) {
    const OutageResult &r = row.result;
    const bool whole = r.lost < kExact && r.placed > r.replay - 2 * kPacket &&
                       r.off <= kPacket + kExact && r.disconts == 1;
    const bool in_sync = r.picture_off <= kPicture + kExact && r.pictures_lost == 0;
    const bool right = r.error.empty() && ((whole && in_sync) || !in_real_time());
    ck_assert_msg(right, "%d s, %s, replay %s: %s", static_cast<int>(row.outage.away_ms / 1000),
                  name(row.outage.lost), name(row.outage.replayed), to_string(r).c_str());
  }
}
GST_END_TEST;

static Suite *rtmssrc_replay_suite() {
  constexpr double kPatienceSeconds = 600;
  Suite *suite = suite_create("rtmssrc_replay");
  TCase *outages = tcase_create("outages");
  tcase_set_timeout(outages, kPatienceSeconds);
  tcase_add_test(outages, test_outages);
  suite_add_tcase(suite, outages);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_replay)

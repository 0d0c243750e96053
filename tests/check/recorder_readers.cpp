// SPDX-License-Identifier: LGPL-2.1-or-later
// Many clients of the operator's port that ask for a recording, and do not read it.
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "adminport.h"

namespace {

using namespace rtmscheck;
namespace fs = std::filesystem;

constexpr char kRecording[] = "2026-01-02T03-04-05Z_123";

double megabytes_of(int pid) {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

// What the kernel holds for the clients of a port, in bytes, because they have not taken it.
uint64_t untaken(const std::string &port) {
  std::ifstream table("/proc/net/tcp");
  std::string number, local, peer, state, queues, line;
  uint64_t sum = 0;
  char hex[8];
  g_snprintf(hex, sizeof hex, ":%04X", static_cast<unsigned>(std::stoul(port)));
  std::getline(table, line);
  while (table >> number >> local >> peer >> state >> queues && std::getline(table, line))
    if (local.substr(local.find(':')) == hex)
      sum += std::stoull(queues, nullptr, 16);
  return sum;
}

}  // namespace

// Downloads that nobody takes hold little memory, and keep neither webhooks nor the recording.
GST_START_TEST(test_slow_readers) {
  constexpr int kReaders = 200;
  constexpr double kMostGrowth_mb = 30;
  constexpr uint64_t kMostUntaken = uint64_t{kReaders} * 400000;
  constexpr int64_t kMeeting_ms = 6000;
  OldRecordings old;
  const std::string folder = old.add(kRecording);
  write_file(folder + "/meeting.mp4", "");
  fs::resize_file(folder + "/meeting.mp4", uint64_t{5} << 30);
  auto server = serve(meeting_of(kMeeting_ms));
  AdminPort admin({{"--video-resolution=sd"}, old.path(), {}, true});
  admin.run().announce(*server);
  admin.run().wait_events("recording", 1);
  const double before = megabytes_of(admin.run().program().pid());
  std::vector<std::unique_ptr<HttpClient>> readers;
  for (int i = 0; i < kReaders; i++) {
    readers.push_back(std::make_unique<HttpClient>(admin.url()));
    readers.back()->send(get_text(std::string("/recordings/") + kRecording + "/meeting.mp4"));
  }
  double most = before;
  uint64_t most_untaken = 0;
  bool named = false;
  constexpr int kPauseMs = 50;
  const auto finished = [&] { return !admin.run().events("finished").empty(); };
  for (int i = 0; !admin.run().program().wait_until(finished, kPauseMs); i++) {
    const Awake awake;
    ck_assert_int_eq(
        post_signed(admin.run().url(), stream_event("meeting.rtms_stopped", "other", i)).status,
        200);
    expect_prompt("a webhook", awake, kPromptMs);
    const Awake at_healthz;
    ck_assert_int_eq(admin.get("/healthz").status, 200);
    expect_prompt("/healthz", at_healthz, kPromptMs);
    // In the service's own mix, the service says who speaks.
    named |= contains(admin.get("/api/meetings").body, "\"speaking\":[\"John Smith\"]");
    most = std::max(most, megabytes_of(admin.run().program().pid()));
    most_untaken = std::max(most_untaken, untaken(admin.url().substr(admin.url().rfind(':') + 1)));
  }
  g_print("%.1f MB, then %.1f MB; in the kernel: %.1f MB\n", before, most,
          static_cast<double>(most_untaken) / 1e6);
  ck_assert_uint_gt(most_untaken, 0);
  ck_assert_uint_le(most_untaken, kMostUntaken);
  ck_assert_msg(most - before < kMostGrowth_mb * slowness(), "%.1f MB, then %.1f MB", before, most);
  ck_assert(named);
  for (const std::string &one : admin.run().folders())
    if (one != folder)
      expect_recording(one + "/meeting.mkv", 1, static_cast<double>(kMeeting_ms) / 1000);
  admin.run().program().send(SIGTERM);
  admin.run().expect_end();
}
GST_END_TEST;

static Suite *recorder_readers_suite() {
  Suite *suite = suite_create("recorder_readers");
  add_case(suite, "slow-readers", test_slow_readers);
  return suite;
}

GST_CHECK_MAIN(recorder_readers)

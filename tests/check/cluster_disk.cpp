// SPDX-License-Identifier: LGPL-2.1-or-later
// Recorders that share the meetings, and whose disks fail: another one records the meetings further
// at once, and nothing of their audio is missing but what could not be written.
#include <csignal>
#include <filesystem>

#include "clusterrun.h"
#include "slowdisk.h"
#include "tinydisk.h"

namespace {

using namespace rtmscheck;

enum class Failing { Hangs, Low, Full };

struct Two {
  NatsServers nats;
  SlowDisk disks[2];
  Runs runs;
  std::unique_ptr<Server> server = serve(replayed());
  std::size_t owner = 0;

  // A meeting is recorded by one of them.
  void begin() {
    for (SlowDisk &disk : disks)
      runs.push_back(run_one(nats, disk.setup({"--min-free=2M", "--end-free=1M"})));
    for (const auto &run : runs)
      wait_healthy(run.get());
    runs[0]->announce(*server);
    ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, 150); }));
    owner = owner_of(runs, *server) == runs[0].get() ? 0 : 1;
  }
  RecorderRun *other() { return runs[1 - owner].get(); }
};

}  // namespace

GST_START_TEST(test_disk) {
  const auto failing = static_cast<Failing>(__i__);
  constexpr int kTakenOver_ms = 15000;
  Two two;
  std::vector<std::unique_ptr<TinyDisk>> tiny;
  if (failing == Failing::Full)
    for (SlowDisk &disk : two.disks) {
      std::filesystem::create_directories(disk.output());
      tiny.push_back(std::make_unique<TinyDisk>(disk.output(), "8M"));
      ck_assert(tiny.back()->mounted());
    }
  two.begin();
  SlowDisk &disk = two.disks[two.owner];
  const int64_t start_us = g_get_monotonic_time();
  if (failing == Failing::Hangs)
    disk.hang();
  else if (failing == Failing::Low)
    disk.leave(1000);
  else
    TinyDisk::fill(disk.output() + "/.running/filler");
  two.other()->wait_events("taken-over", 1, 2 * kTakenOver_ms);
  two.other()->wait_messages(*two.server, "audio", 50);
  const auto took_ms = static_cast<int>((g_get_monotonic_time() - start_us) / 1000);
  g_print("taken over after %d ms\n", took_ms);
  ck_assert_msg(!in_real_time() || took_ms <= kTakenOver_ms, "%d ms", took_ms);
  ck_assert_uint_eq(kicked(*two.server), 0);
  // Whoever has no room takes nothing.
  ck_assert(!is_healthy(two.runs[two.owner].get()));
  if (failing == Failing::Hangs)
    disk.answer();
  two.runs[two.owner]->wait_events(failing == Failing::Hangs ? "finished" : "failed", 1);
  two.other()->wait_messages(*two.server, "audio", 150);
  end(&two.runs);
  ck_assert_uint_eq(parts_of(two.runs, *two.server).size(), 2);
  ck_assert_uint_le(missing_beeps(two.runs, *two.server), failing == Failing::Full ? 1 : 0);
}
GST_END_TEST;

static Suite *cluster_disk_suite() {
  Suite *suite = suite_create("cluster_disk");
  // Before there is any thread: else nobody may leave the mounts of all.
  const bool mounts = TinyDisk(g_get_tmp_dir(), "250k").mounted();
  add_case(suite, "disk", test_disk, mounts ? 3 : 2);
  if (!mounts)
    g_print("no disk to fill: this needs root\n");
  return suite;
}

GST_CHECK_MAIN(cluster_disk)

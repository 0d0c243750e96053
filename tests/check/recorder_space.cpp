// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk that fills while rtms-recorder records: --min-free, --end-free.
#include "recorder_run.h"

#include <csignal>
#include <filesystem>

namespace {

using namespace rtmscheck;

// A disk of which this suite says how much is free.
class NearlyFull {
 public:
  NearlyFull() { set_free("900M"); }

  RecorderRun::Setup setup(std::vector<std::string> options) {
    options.push_back("--min-free=500M");
    return {options,
            output_,
            {{"LD_PRELOAD", g_getenv("RTMS_SLOW_DISK")},
             {"ASAN_OPTIONS", "verify_asan_link_order=0"},
             {"RTMS_SLOW_FOLDER", output_},
             {"RTMS_SLOW_FREE", free_}},
            true};
  }
  void set_free(const std::string &megabytes) {
    const std::string bytes = std::to_string(std::atoll(megabytes.c_str()) << 20);
    ck_assert(g_file_set_contents(free_.c_str(), bytes.c_str(), -1, nullptr));
  }

 private:
  TemporaryDirectory directory_;
  const std::string output_ = directory_.file("recordings"), free_ = directory_.file("free");
};

bool is_metric(RecorderRun *run, int value) {
  return contains(run->get("/metrics").body,
                  "\nrtms_recorder_disk_low " + std::to_string(value) + "\n");
}

void expect_more(RecorderRun *run, const Server &server, int64_t packets) {
  run->wait_messages(server, "audio", run->messages(server, "audio") + packets);
}

// As a recording that writes much does: the file grows by 20 MB, where nothing is written.
void grow(const std::string &file) {
  std::error_code failure;
  std::filesystem::resize_file(file, std::filesystem::file_size(file) + (20 << 20), failure);
  ck_assert(!failure);
}

}  // namespace

// Below --min-free recordings go on, below --end-free their files are finished; afterwards all is
// as it was.
GST_START_TEST(test_fills) {
  NearlyFull disk;
  const char *const format = __i__ ? "mp4" : "mkv";
  auto first = serve(meeting_of(0)), second = serve(meeting_of(0)), third = serve(meeting_of(0));
  RecorderRun run(
      disk.setup({"--video-resolution=sd", "--end-free=100M", std::string("--format=") + format}));
  run.announce(*first);
  run.announce(*second);
  // Shorter recordings have no next part. A deadline for each half.
  run.wait_messages(*first, "audio", 275);
  run.wait_messages(*first, "audio", 550);
  run.wait_messages(*second, "audio", 50);
  ck_assert(is_metric(&run, 0));

  disk.set_free("400M");
  run.wait_events("disk-low", 1);
  ck_assert(is_metric(&run, 1));
  ck_assert_int_eq(run.get("/healthz").status, 503);
  run.announce(*third);
  run.wait_events("refused", 1);
  ck_assert_uint_eq(third->requests(), 0);
  expect_more(&run, *first, 100);
  ck_assert(run.events("failed").empty());

  const double length = static_cast<double>(run.messages(*first, "audio")) / 50;
  disk.set_free("99M");
  run.wait_events("failed", 2);
  run.wait_events("disk-low", 2);
  ck_assert(is_metric(&run, 2));
  for (const std::string &folder : run.folders()) {
    expect_text(report_of(folder, "state"), "failed");
    const std::string error = report_of(folder, "error");
    ck_assert_msg(contains(error, "only 99 MB are free") && contains(error, "--end-free"), "%s",
                  error.c_str());
    // Whole, as at any other end; free space is looked at each second.
    expect_recording(folder + "/meeting." + format, 1, length + 1, 2);
    expect_playable(folder + "/meeting." + format);
  }

  disk.set_free("900M");
  run.wait_events("disk", 1);
  ck_assert(run.program().wait_until([&] { return run.get("/healthz").status == 200; }));
  // The service keeps the streams for a minute: all go on, also the one that was refused.
  run.wait_messages(*third, "audio", 10);
  run.wait_events("recording", 5);
  ck_assert_uint_eq(run.folders().size(), 5);
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.events("disk-low").size(), 2);
}
GST_END_TEST;

// Whoever wants the last byte gets it.
GST_START_TEST(test_to_the_end) {
  NearlyFull disk;
  auto server = serve(meeting_of(0));
  RecorderRun run(disk.setup({"--no-video", "--end-free=0"}));
  run.announce(*server);
  run.wait_messages(*server, "audio", 10);
  disk.set_free("0");
  run.wait_events("disk-low", 1);
  expect_more(&run, *server, 150);
  ck_assert(run.events("failed").empty());
  run.program().send(SIGTERM);
  run.expect_end();
  expect_text(report_of(run.only_folder(), "state"), "finished");
}
GST_END_TEST;

// A meeting that fills the disk ends while there is room for the other one.
GST_START_TEST(test_runaway) {
  NearlyFull disk;
  auto runaway = serve(meeting_of(0)), other = serve(meeting_of(0));
  RecorderRun run(disk.setup({"--no-video", "--end-free=100M"}));
  run.announce(*other);
  run.announce(*runaway);
  run.wait_events("recording", 2);
  std::string file;
  for (const std::string &folder : run.folders())
    if (report_of(folder, "stream_id") == runaway->stream_id())
      file = folder + "/meeting.mkv";
  disk.set_free("150M");
  ck_assert(run.program().wait_until([&] {
    grow(file);
    return !run.events("failed").empty();
  }));
  expect_more(&run, *other, 100);
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.events("failed").size(), 1);
  for (const std::string &folder : run.folders()) {
    const bool is_other = report_of(folder, "stream_id") == other->stream_id();
    expect_text(report_of(folder, "state"), is_other ? "finished" : "failed");
    ck_assert(is_other || contains(report_of(folder, "error"), "MB a second"));
  }
}
GST_END_TEST;

// The recorder is stopped when its recordings have just ended for want of space: the next start
// continues them. So it is with --once, which ends then by itself.
GST_START_TEST(test_stopped) {
  NearlyFull disk;
  const bool once = __i__;
  auto server = serve(meeting_of(0));
  std::vector<std::string> options{"--no-video", "--end-free=100M"};
  if (once)
    options.push_back("--once");
  {
    RecorderRun first(disk.setup(options));
    first.announce(*server);
    first.wait_messages(*server, "audio", 50);
    disk.set_free("99M");
    first.wait_events("disk-low", 1);
    if (!once)
      first.program().send(SIGTERM);
    ck_assert(first.program().wait(kDeadlineMs));
    ck_assert_uint_eq(first.events("failed").size(), 1);
  }
  disk.set_free("900M");
  RecorderRun second(disk.setup(options));
  second.wait_events("resumed", 1);
  second.wait_messages(*server, "audio", 50);
  ck_assert_uint_eq(second.folders().size(), 2);
  server->end_stream(6);
  second.wait_events("finished", 1);
  if (!once)
    second.program().send(SIGTERM);
  second.expect_end();
}
GST_END_TEST;

static Suite *recorder_space_suite() {
  Suite *suite = suite_create("recorder_space");
  add_case(suite, "fills", test_fills, 2);
  add_case(suite, "to-the-end", test_to_the_end);
  add_case(suite, "runaway", test_runaway);
  add_case(suite, "stopped", test_stopped, 2);
  return suite;
}

GST_CHECK_MAIN(recorder_space)

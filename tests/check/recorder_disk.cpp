// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder and a disk that is slow, does not answer, fails, or is taken away. Webhooks are
// answered all the same, meetings recorded, and SIGTERM ends it.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "adminport.h"
#include "changedmeeting.h"
#include "live.h"
#include "slowdisk.h"

#include <glib/gstdio.h>
#include <algorithm>
#include <filesystem>

using namespace rtmscheck;

// Each fsync() takes 5 s: nobody notices but meeting.json.
GST_START_TEST(test_slow_disk) {
  constexpr unsigned kMeetings = 3;
  SlowDisk disk;
  disk.environment["RTMS_SLOW_FSYNC_MS"] = "5000";
  RecorderRun run(disk.setup({"--no-video", "--speakers=2", "--stop-timeout=60"}));
  std::vector<std::unique_ptr<Server>> servers;
  for (unsigned i = 0; i < kMeetings; i++) {
    servers.push_back(serve(meeting_of(0)));
    run.announce(*servers.back());
    expect_answers(run.url());
  }
  run.wait_events("speaker", kMeetings);
  expect_answers(run.url());
  run.program().send(SIGTERM);
  run.expect_end(4 * kDeadlineMs);
  ck_assert_uint_eq(run.events("finished").size(), kMeetings);
  for (const std::string &folder : run.folders()) {
    expect_text(report_of(folder, "state"), "finished");
    expect_playable(folder + "/meeting.mkv", "0:a");
  }
}
GST_END_TEST;

// The disk does not answer for some seconds. Webhooks are answered, /healthz says what is wrong,
// and what the meetings sent meanwhile is in their files.
GST_START_TEST(test_hung_disk) {
  constexpr int64_t kMeetingMs = 12000;
  SlowDisk disk;
  RecorderRun run(disk.setup({"--video-resolution=sd"}));
  auto first = serve(meeting_of(kMeetingMs)), second = serve(meeting_of(kMeetingMs));
  run.announce(*first);
  run.wait_messages(*first, "audio", 50);
  disk.hang();
  const auto sick = [&] {
    expect_answers(run.url());
    return contains(run.get("/healthz").body, "does not answer");
  };
  ck_assert(run.program().wait_until(sick));
  run.announce(*second);
  expect_answers(run.url());
  ck_assert_uint_eq(second->requests(), 0);
  disk.answer();
  run.wait_events("finished", 2, static_cast<int>(kMeetingMs) + 2 * kDeadlineMs);
  ck_assert_uint_eq(run.events("disk").size(), 2);
  for (const std::string &folder : run.folders())
    expect_recording(folder + "/meeting.mkv", 1, static_cast<double>(kMeetingMs) / 1000);
  // A beep each second: those of the time without a disk, too.
  const std::size_t beeps = beeps_of(run.folders()[0] + "/meeting.mkv").size();
  g_print("%d beeps\n", static_cast<int>(beeps));
  ck_assert_uint_ge(beeps, kMeetingMs / 1000 - 1);
  run.program().send(SIGTERM);
  run.expect_end();
  expect_no_violations(*first);
}
GST_END_TEST;

// The recorder starts while the disk does not answer: it listens, and says what is wrong.
GST_START_TEST(test_started_on_hung_disk) {
  SlowDisk disk;
  const auto setup = disk.setup({"--no-video"});
  disk.hang();
  RecorderRun run(setup);
  const auto sick = [&] { return contains(run.get("/healthz").body, "does not answer"); };
  ck_assert(run.program().wait_until(sick));
  expect_answers(run.url());
  disk.answer();
  auto server = serve(meeting_of(0));
  run.announce(*server);
  run.wait_messages(*server, "audio", 50);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// Frames of the largest cameras, many times.
static bool enlarge(Media media, MediaItem &item, int64_t &due_ms) {
  constexpr uint8_t kStart[] = {0, 0, 0, 1, 12}, kFill = 0xff, kEnd = 0x80;  // filler data
  constexpr size_t kBytes = 600000;
  constexpr int64_t kLargeMs = 12000;
  if (media == Media::Video && due_ms < kLargeMs) {
    item.payload.insert(item.payload.end(), std::begin(kStart), std::end(kStart));
    item.payload.resize(item.payload.size() + kBytes, kFill);
    item.payload.push_back(kEnd);
  }
  return true;
}

// More pictures wait for the disk than there is room for: some are left out, which is told. The
// audio, which has the same thread, is whole.
GST_START_TEST(test_full_queue) {
  constexpr int64_t kMeetingMs = 20000;
  MeetingOptions options;
  options.duration_ms = kMeetingMs;
  Config config;
  config.source = std::make_shared<ChangedMeeting>(options, enlarge);
  SlowDisk disk;
  RecorderRun run(disk.setup({"--video-resolution=sd"}));
  auto server = serve(std::move(config));
  run.announce(*server);
  run.wait_messages(*server, "audio", 50);
  disk.hang();
  run.wait_events("not-recorded", 1, 2 * kDeadlineMs);
  disk.answer();
  run.wait_events("finished", 1, static_cast<int>(kMeetingMs) + 2 * kDeadlineMs);
  for (const std::string &line : run.events("not-recorded"))
    ck_assert_msg(contains(line, "frames"), "%s", line.c_str());
  ck_assert(run.events("audio-lost").empty());
  const std::string file = run.only_folder() + "/meeting.mkv";
  // On a busy machine the end comes late, after silence.
  const double end = tracks_of(file).at("audio").end;
  ck_assert_msg(end > kMeetingMs / 1000.0 - 0.5, "the audio ends at %f s", end);
  ck_assert_uint_ge(beeps_of(file).size(), kMeetingMs / 1000 - 1);
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

// It never answers: the signal ends the recorder all the same, which says so.
GST_START_TEST(test_disk_gone) {
  SlowDisk disk;
  RecorderRun run(disk.setup({"--no-video", "--stop-timeout=1"}));
  auto server = serve(meeting_of(0));
  run.announce(*server);
  run.wait_messages(*server, "audio", 50);
  disk.hang();
  const int64_t start = g_get_monotonic_time();
  run.program().send(SIGTERM);
  ck_assert_msg(run.program().wait(kDeadlineMs), "SIGTERM does not end it");
  g_print("ended after %.1f s\n", static_cast<double>(g_get_monotonic_time() - start) / 1e6);
  ck_assert(!run.program().succeeded());
  ck_assert_msg(contains(run.said(), "were not finished within --stop-timeout"), "%s",
                run.said().c_str());
}
GST_END_TEST;

// An error that passes, of a file server for example, costs what was being written: the recording
// goes on as another part.
GST_START_TEST(test_write_error) {
  SlowDisk disk;
  RecorderRun run(disk.setup({"--no-video"}));
  auto server = serve(meeting_of(0));
  run.announce(*server);
  run.wait_messages(*server, "audio", 100);
  const std::string part_1 = run.only_folder();
  disk.fail_once();
  run.wait_events("failed", 1);
  run.wait_events("recording", 2);
  run.program().send(SIGTERM);
  ck_assert(run.program().wait(kDeadlineMs));
  const auto folders = run.folders();
  ck_assert_uint_eq(folders.size(), 2);
  const std::string part_2 = folders[0] == part_1 ? folders[1] : folders[0];
  const std::string name = std::filesystem::path(part_2).filename();
  expect_text(report_of(part_1, "state"), "failed");
  expect_text(report_of(part_1, "next_part"), name.c_str());
  expect_text(report_of(part_2, "state"), "finished");
}
GST_END_TEST;

// What the kernel had accepted does not reach the disk, while the meeting runs or at its end: the
// recording goes on, and the operator knows.
GST_START_TEST(test_not_stored) {
  SlowDisk disk;
  RecorderRun run(disk.setup({"--no-video"}));
  auto server = serve(meeting_of(0));
  run.announce(*server);
  run.wait_messages(*server, "audio", 50);
  disk.fail_sync_once();
  if (__i__ == 0) {
    run.wait_events("disk-error", 1);
    run.wait_messages(*server, "audio", 100);
  }
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.events("disk-error").size(), 1);
  ck_assert_uint_eq(run.events("failed").size(), 1);
  expect_text(report_of(run.only_folder(), "state"), "failed");
  const std::string error = report_of(run.only_folder(), "error");
  ck_assert_msg(contains(error, "meeting.mkv: Input/output error"), "%s", error.c_str());
}
GST_END_TEST;

// Somebody deletes the file of a running recording, or its folder: it is told, and the next part
// begins.
GST_START_TEST(test_deleted) {
  RecorderRun run({"--no-video"});
  auto server = serve(meeting_of(0));
  run.announce(*server);
  for (int seconds : {6, 11})  // the next part of a shorter one comes later
    run.wait_messages(*server, "audio", seconds * 50);
  const std::string part_1 = run.only_folder();
  if (__i__ == 0)
    ck_assert_int_eq(g_unlink((part_1 + "/meeting.mkv").c_str()), 0);
  else
    std::filesystem::remove_all(part_1);
  run.wait_events("file-deleted", 1);
  run.wait_events("failed", 1);
  run.wait_events("recording", 2);
  run.program().send(SIGTERM);
  ck_assert(run.program().wait(kDeadlineMs));
  const auto folders = run.folders();
  ck_assert_uint_eq(folders.size(), __i__ == 0 ? 2 : 1);
  const std::string part_2 = folders[0] == part_1 ? folders[1] : folders[0];
  expect_text(report_of(part_2, "state"), "finished");
  if (__i__ == 0)
    expect_text(report_of(part_1, "state"), "failed");
}
GST_END_TEST;

// The folder is moved while the meeting runs: the audio does not end because a text has no file.
// What cannot be written is written when the folder is back.
GST_START_TEST(test_folder_moved) {
  RecorderRun run({"--no-video"});
  auto server = serve(meeting_of(0));
  run.announce(*server);
  run.wait_messages(*server, "audio", 50);
  const std::string folder = run.only_folder(), moved = folder + ".moved";
  ck_assert_int_eq(g_rename(folder.c_str(), moved.c_str()), 0);
  server->send_media(Media::Transcript, transcript_json(0, ""));
  run.wait_events("not-recorded", 1);
  ck_assert_int_eq(g_rename(moved.c_str(), folder.c_str()), 0);
  server->send_media(Media::Transcript, transcript_json(100, ""));
  // The meeting has other lines of its own.
  const auto both = [&] {
    const std::string lines = run.text_of(folder + "/transcript.jsonl"), one = "\"Hello.\"";
    const std::size_t first = lines.find(one);
    return first != std::string::npos && lines.find(one, first + 1) != std::string::npos;
  };
  ck_assert(run.program().wait_until(both));
  run.program().send(SIGTERM);
  run.expect_end();
  expect_text(report_of(folder, "state"), "finished");
}
GST_END_TEST;

// Recordings on that disk are asked for through the admin port: it says what is wrong, and neither
// it nor the webhook's port waits.
GST_START_TEST(test_hung_disk_admin) {
  constexpr int kRequests = 100;  // more than may wait for the disk
  SlowDisk disk;
  const auto setup = disk.setup({"--stop-timeout=1"});
  const std::string folder = setup.output + "/2026-01-02T03-04-05Z_1";
  std::filesystem::create_directories(folder);
  write_file(folder + "/meeting.json", "{}");
  write_file(folder + "/meeting.mp4", "");
  std::filesystem::resize_file(folder + "/meeting.mp4", 64 << 20);
  AdminPort admin(setup);
  const std::string path = "/recordings/2026-01-02T03-04-05Z_1/meeting.mp4";
  ck_assert_uint_eq(admin.get(path).body.size(), 64 << 20);
  HttpClient player(admin.url());
  player.send(get_text(path));
  disk.hang();
  std::vector<std::unique_ptr<HttpClient>> lists;
  const auto ask = [&] {
    lists.push_back(std::make_unique<HttpClient>(admin.url()));
    lists.back()->send(get_text("/api/recordings"));
  };
  while (lists.size() < kRequests)
    ask();
  const auto sick = [&] {
    expect_answers(admin.run().url());
    const Awake awake;
    ck_assert_int_eq(admin.get("/api/meetings").status, 200);
    const HttpAnswer health = admin.get("/healthz");
    expect_prompt("/healthz", awake, kAnswerMs);
    return health.status == 503 && contains(health.body, "disk does not answer");
  };
  ck_assert(admin.run().program().wait_until(sick));
  const HttpAnswer refused = lists.back()->read();
  ck_assert_int_eq(refused.status, 503);
  expect_text(refused.body, "the disk does not answer\n");
  disk.answer();
  ck_assert_int_eq(lists[0]->read().status, 200);
  ck_assert_uint_eq(player.read().body.size(), 64 << 20);
  // Nobody waits for those who wait for the disk.
  disk.hang();
  ask();
  const Awake awake;
  admin.run().program().send(SIGTERM);
  ck_assert(admin.run().program().wait(kDeadlineMs));
  g_print("ended after %d ms\n", static_cast<int>(awake.ms()));
}
GST_END_TEST;

static Suite *recorder_disk_suite() {
  Suite *suite = suite_create("recorder_disk");
  add_case(suite, "slow-disk", test_slow_disk);
  add_case(suite, "hung-disk", test_hung_disk);
  add_case(suite, "hung-disk-admin", test_hung_disk_admin);
  add_case(suite, "started-hung", test_started_on_hung_disk);
  add_case(suite, "full-queue", test_full_queue);
  add_case(suite, "disk-gone", test_disk_gone);
  add_case(suite, "write-error", test_write_error);
  add_case(suite, "not-stored", test_not_stored, 2);
  add_case(suite, "deleted", test_deleted, 2);
  add_case(suite, "folder-moved", test_folder_moved);
  return suite;
}

GST_CHECK_MAIN(recorder_disk)

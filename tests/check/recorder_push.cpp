// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder pushes to a real RTMP server, which dies and comes back: the recording does not
// notice.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "recorder_run.h"
#include "rtmp.h"

namespace {

using namespace rtmscheck;

constexpr double kLength = 18;
const int kSome = in_real_time() ? 10 : 1;
const uint64_t kArrived = in_real_time() ? 60000 : 5000;  // some seconds

}  // namespace

GST_START_TEST(test_push) {
  TemporaryDirectory first, second;
  auto server = serve(meeting_of(static_cast<int64_t>(kLength * 1000)));
  RtmpServer rtmp(first.path());
  // The URL's end is a key.
  RecorderRun run(RecorderRun::Setup{{"--video-resolution=sd", "--layout=camera"},
                                     "",
                                     {{"RTMS_RECORDER_RTMP", rtmp.url() + "-k3y"}},
                                     true});
  run.announce(*server);
  run.wait_events("push", 1);
  // That a push goes on is known by what was sent, not by what has arrived.
  const auto arrived = [&] { return size_of(first.file("meeting-k3y.flv")) > kArrived; };
  ck_assert_msg(run.program().wait_until(arrived), "%s", rtmp.log().c_str());
  rtmp.stop();
  run.wait_events("push-failed", 1);
  ck_assert(contains(run.get("/metrics").body,
                     "rtms_meeting_push_up{stream=\"" + server->stream_id() + "\"} 0\n"));
  rtmp.start(second.path());
  run.wait_events("push", 2);
  ck_assert(contains(run.get("/metrics").body,
                     "rtms_meeting_push_up{stream=\"" + server->stream_id() + "\"} 1\n"));
  run.wait_events("finished", 1, static_cast<int>(kLength * 1000) + kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  rtmp.stop();

  const std::string file = run.only_folder() + "/meeting.mkv";
  expect_recording(file, 1, kLength);
  const auto recorded = tracks_of(file);
  if (in_real_time())
    ck_assert_int_ge(recorded.at("video").packets, static_cast<int>(kLength * 25) - 5);
  for (const TemporaryDirectory *folder : {&first, &second}) {
    const auto pushed = tracks_of(folder->file("meeting-k3y.flv"));
    g_print("pushed: %.1f s of pictures, %.1f s of sound\n",
            pushed.at("video").end - pushed.at("video").first,
            pushed.at("audio").end - pushed.at("audio").first);
    ck_assert_int_gt(pushed.at("video").packets, kSome);
    ck_assert_int_gt(pushed.at("audio").packets, kSome);
    if (in_real_time())
      expect_near("sound and picture begin together", pushed.at("audio").first,
                  pushed.at("video").first, 0.1);
  }
  constexpr double kBroadcast = 0.03;
  expect_in_sync(flash_beep(second.file("meeting-k3y.flv")), kBroadcast, 6);
  run.expect_no_secrets({"k3y"});
  expect_no_violations(*server);
}
GST_END_TEST;

// The server stands still: the push is given up and tried again, and nothing of it is left behind.
GST_START_TEST(test_frozen) {
  TemporaryDirectory folder;
  auto server = serve(meeting_of(0));
  RtmpServer rtmp(folder.path());
  RecorderRun run({"--video-resolution=sd", "--rtmp=" + rtmp.url()});
  run.announce(*server);
  run.wait_events("push", 1);
  // Those of the muxer and of rtmp2sink, which are of one try. Threads of GLib's pools and of
  // decoders come and go by themselves.
  const auto threads = [&] {
    long count = 0;
    const std::string tasks = "/proc/" + std::to_string(run.program().pid()) + "/task";
    for (const auto &task : std::filesystem::directory_iterator(tasks)) {
      std::string name;
      std::ifstream(task.path() / "comm") >> name;
      count += g_str_has_prefix(name.c_str(), "task") || g_str_has_prefix(name.c_str(), "mux:");
    }
    return count;
  };
  ck_assert_int_gt(threads(), 0);
  rtmp.freeze();
  // It stands still in the middle of it, and then in the handshake.
  run.wait_events("push-failed", 1, 3 * kDeadlineMs);
  auto least = threads();  // between two tries
  const auto failed_again = [&] {
    least = std::min(least, threads());
    return run.events("push-failed").size() >= 2;
  };
  ck_assert(run.program().wait_until(failed_again, 6 * kDeadlineMs));
  ck_assert_int_eq(post_signed(run.url(), kChallenge).status, 200);
  ck_assert_msg(run.program().wait_until([&] { return threads() <= least; }),
                "%ld threads, %ld after the first try", threads(), least);
  rtmp.go_on();
  run.wait_events("push", 2, 2 * kDeadlineMs);
  rtmp.freeze();
  run.program().send(SIGTERM);
  run.expect_end();
  rtmp.go_on();
  rtmp.stop();
  expect_playable(run.only_folder() + "/meeting.mkv");
}
GST_END_TEST;

static Suite *recorder_push_suite() {
  Suite *suite = suite_create("recorder_push");
  add_case(suite, "push", test_push);
  add_case(suite, "frozen", test_frozen);
  return suite;
}

GST_CHECK_MAIN(recorder_push)

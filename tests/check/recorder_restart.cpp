// SPDX-License-Identifier: LGPL-2.1-or-later
// How rtms-recorder ends, and how it goes on: what it says of a stream's end, and what the next
// start does with meetings that still run.
#include <algorithm>
#include <csignal>
#include <fstream>

#include "recorder_run.h"
#include "replay.h"

namespace {

using namespace rtmscheck;

// A meeting that the service ends for that reason.
Config ended_for(int reason, MeetingOptions options = {}, int64_t at_ms = 1500) {
  Config config = meeting_of(0, options);
  config.end = End::Nothing;
  const std::string state = R"({"msg_type":8,"state":4,"reason":)" + std::to_string(reason) +
                            R"(,"timestamp":1738392033699})";
  config.script = {{at_ms, Signaling, state, Action::Send}};
  return config;
}

RecorderRun::Setup once(const TemporaryDirectory &folder, const Server &server,
                        std::vector<std::string> options = {}) {
  std::ofstream(folder.file("webhook.json")) << server.webhook_json();
  options.push_back("--webhook-file=" + folder.file("webhook.json"));
  return {options, "", {}, false};
}

MeetingOptions nothing_at_all() {
  MeetingOptions options;
  for (Media m : {Media::Audio, Media::Video, Media::Transcript, Media::Chat})
    options.off[m] = {{0, 3600 * 1000}};
  return options;
}

}  // namespace

// A stream that ends for a failure has failed, for whoever asks: the report, the log, the status.
GST_START_TEST(test_reasons) {
  const int failures[] = {10, 11, 12, 13, 14, 15, 16, 18, 19, 24}, ends[] = {1, 6, 17, 20};
  std::vector<std::unique_ptr<Server>> servers;
  RecorderRun run({"--no-video"});
  for (int reason : failures)
    servers.push_back(serve(ended_for(reason)));
  for (int reason : ends)
    servers.push_back(serve(ended_for(reason)));
  for (const auto &server : servers)
    run.announce(*server);
  run.wait_events("finished", std::size(ends), 2 * kDeadlineMs);
  const auto all = [&] {
    return run.events("finished").size() + run.events("failed").size() >= servers.size();
  };
  ck_assert(run.program().wait_until(all));
  ck_assert_msg(run.events("failed").size() == std::size(failures), "%s", run.said().c_str());
  for (const std::string &folder : run.folders()) {
    const bool failed = report_of(folder, "state") == "failed";
    ck_assert(failed == contains(report_of(folder, "error"), "ended the stream"));
    ck_assert(contains(report_of(folder, "end_reason"), "the stream ended: "));
    expect_playable(folder + "/meeting.mkv", "0:a");
  }
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

GST_START_TEST(test_once_fails) {
  TemporaryDirectory one, two;
  auto refused = serve(ended_for(18)), empty = serve(ended_for(6, nothing_at_all()));
  RecorderRun first(once(one, *refused)), second(once(two, *empty));
  for (RecorderRun *run : {&first, &second}) {
    ck_assert(run->program().wait(2 * kDeadlineMs));
    ck_assert_msg(!run->program().succeeded(), "success: %s", run->said().c_str());
    expect_text(report_of(run->only_folder(), "state"), "failed");
  }
  ck_assert(contains(first.said(), "authentication-failure"));
  ck_assert(contains(second.said(), "Nothing was seen or heard"));
}
GST_END_TEST;

// The only speaker leaves while the camera's connection is still refused: the meeting goes on, and
// so does the recording.
GST_START_TEST(test_speaker_leaves_early) {
  constexpr int64_t kLeavesMs = 500, kInternalException = 45;
  MeetingOptions options;
  options.speakers = 1;
  options.duration_ms = 20000;
  options.off[Media::Audio] = {{kLeavesMs, 3600 * 1000}};
  options.off[Media::Transcript] = options.off[Media::Audio];
  auto reel = std::make_shared<Reel>(*film(options));
  EventItem leaves;
  leaves.type = 4;
  leaves.members = R"("participants":[{"user_id":16778240}])";
  leaves.timestamp = kStartMs + kLeavesMs;
  const auto later = std::find_if(reel->events.begin(), reel->events.end(),
                                  [](const auto &event) { return event.first > kLeavesMs; });
  reel->events.insert(later, {kLeavesMs, leaves});
  Config config = ended_for(6, {}, options.duration_ms);
  config.source = std::make_shared<ReelSource>(reel);
  config.status_media = {{Media::Video, kInternalException}};
  config.offered = {Media::Audio, Media::Video};
  config.fault_times = 4;  // with the pauses in between some 15 s
  auto server = serve(std::move(config));
  TemporaryDirectory folder;
  RecorderRun run(once(folder, *server, {"--speakers=1", "--video-resolution=sd"}));
  ck_assert_msg(run.program().wait(30000 + kDeadlineMs), "no end: %s", run.said().c_str());
  ck_assert_msg(run.program().succeeded(), "%s", run.said().c_str());
  const auto tracks = tracks_of(run.only_folder() + "/meeting.mkv");
  ck_assert_int_gt(tracks.at("video").packets, 10);
  expect_text(report_of(run.only_folder(), "end_reason"), "the stream ended: meeting-ended");
}
GST_END_TEST;

static Suite *recorder_restart_suite() {
  Suite *suite = suite_create("recorder_restart");
  add_case(suite, "reasons", test_reasons);
  add_case(suite, "once-fails", test_once_fails);
  add_case(suite, "leaves-early", test_speaker_leaves_early);
  return suite;
}

GST_CHECK_MAIN(recorder_restart)

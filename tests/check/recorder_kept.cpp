// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections are lost, stand still or begin with older audio: all audio that the service sends is
// in the recording, at its time. RTMS_KEPT: the long ones, whose table goes into docs/recorder.md;
// RTMS_KEPT_ONLY: those whose names contain it.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "kept.h"

namespace {

using namespace rtmscheck;
using What = Disturbance::What;

const std::vector<Where> kAudio = {Media::Audio}, kVideo = {Media::Video}, kSignaling = {Signaling};
// Chat has no messages: the server would end the stream when its connection alone is there again.
const std::vector<Where> kEach = {Media::Audio, Media::Video, Media::Transcript};

const std::vector<Disturbance> kShort = {
    {What::Outage, kAudio, 8000, 5, 0}, {What::Outage, kEach, 8000, 0, 0},
    {What::Backlog, {}, 40000, 5, 0},   {What::Backlog, {}, 30000, 0, 1500},
    {What::Stall, kEach, 10000, 0, 0},  {What::Outage, kSignaling, 9000, 0, 0, 9000},
};
const std::vector<Disturbance> kLong = {
    {What::Outage, kAudio, 10000, 1, 0},     {What::Outage, kAudio, 10000, 5, 0},
    {What::Outage, kEach, 25000, 1, 0},      {What::Outage, kEach, 25000, 5, 0},
    {What::Outage, kEach, 25000, 0, 0},      {What::Outage, kVideo, 25000, 0, 0},
    {What::Outage, kSignaling, 50000, 1, 0}, {What::Outage, kSignaling, 50000, 5, 0},
    {What::Backlog, {}, 60000, 5, 0},        {What::Backlog, {}, 60000, 0, 0},
    {What::Backlog, {}, 60000, 0, 1500},     {What::Stall, kAudio, 10000, 0, 0},
    {What::Stall, kEach, 10000, 0, 0},
};

struct Row {
  const Disturbance *disturbance;
  bool turns;
  std::unique_ptr<Server> server;
  Kept kept;
};

bool told(RecorderRun *run, const Server &server) {
  for (const char *event : {"reconnecting", "audio-behind", "audio-lost"})
    for (const std::string &line : run->events(event))
      if (contains(line, server.stream_id()))
        return true;
  return false;
}

// All at the same time: each waits, mostly.
void record(std::vector<Row> *rows, bool turns) {
  RecorderRun run({"--video-resolution=sd", turns ? "--speakers=2" : "--speakers=0"});
  int64_t longest_ms = 0;
  std::size_t count = 0;
  for (Row &row : *rows) {
    if (row.turns != turns)
      continue;
    row.server = serve(config_of(*row.disturbance, turns));
    run.announce(*row.server);
    // Replayed at real time, all comes later by the time of the outage.
    longest_ms = std::max(longest_ms, meeting_ms(*row.disturbance) + row.disturbance->length_ms);
    count++;
  }
  run.wait_events("finished", count, static_cast<int>(longest_ms) + 3 * kDeadlineMs);
  std::map<std::string, std::string> folders;
  for (const std::string &folder : run.folders())
    folders[report_of(folder, "stream_id")] = folder;
  for (Row &row : *rows) {
    if (row.turns != turns)
      continue;
    row.kept = kept_in(folders[row.server->stream_id()], *row.server, *row.disturbance, turns);
    row.kept.told = told(&run, *row.server);
  }
  run.program().send(SIGTERM);
  run.expect_end();
}

std::string to_string(const Row &row) {
  const Kept &kept = row.kept;
  if (!kept.error.empty())
    return kept.error;
  char text[200];
  g_snprintf(text, sizeof text, "| %s | %s | %.2f s of %.2f s, %.1f %% | %u of %u | %s |",
             name_of(*row.disturbance).c_str(), row.turns ? "each speaker" : "mixed", kept.kept,
             kept.sent, 100 * kept.kept / kept.sent, kept.pictures_kept, kept.pictures,
             kept.told ? "yes" : "no");
  return text;
}

bool is_whole(const Row &row) {
  constexpr double kTolerance = 0.02;
  // Of what is over before the connection is there again nothing is known.
  const double least =
      (row.turns ? 0.0005 : 0.0009) *
      static_cast<double>(meeting_ms(*row.disturbance) - row.disturbance->quiet_ms);
  return row.kept.error.empty() && row.kept.sent > least &&
         row.kept.kept >= row.kept.sent - kTolerance && row.kept.pictures_kept == row.kept.pictures;
}

std::vector<Row> rows_of(const std::vector<Disturbance> &disturbances, bool turns) {
  std::vector<Row> rows;
  const char *wanted = g_getenv("RTMS_KEPT_ONLY");
  for (const Disturbance &disturbance : disturbances)
    if (!wanted || contains(name_of(disturbance), wanted))
      rows.push_back({&disturbance, turns, nullptr, {}});
  return rows;
}

void expect_whole(const std::vector<Row> &rows) {
  std::string all, wrong;
  for (const Row &row : rows) {
    const std::string text = to_string(row) + "\n";
    all += text;
    if (!is_whole(row))
      wrong += text;
  }
  if (g_getenv("RTMS_KEPT"))
    std::fputs(
        "| disturbance | recording | audio kept in place (± 20 ms) of what was sent | video frames "
        "in "
        "place (± 40 ms) | in the log |\n|---|---|---|---|---|\n",
        stdout);
  std::fputs(all.c_str(), stdout);
  std::fflush(stdout);
  ck_assert_msg(wrong.empty() || !in_real_time(), "not whole:\n%s", wrong.c_str());
}

}  // namespace

static void record_and_expect(bool turns) {
  std::vector<Row> rows = rows_of(g_getenv("RTMS_KEPT") ? kLong : kShort, turns);
  record(&rows, turns);
  expect_whole(rows);
}

GST_START_TEST(test_mixed) {
  record_and_expect(false);
}
GST_END_TEST;

GST_START_TEST(test_each_speaker) {
  record_and_expect(true);
}
GST_END_TEST;

// What waits would take too much memory: the recording goes on, and what comes too late for that is
// told.
GST_START_TEST(test_no_room) {
  constexpr int64_t kAwayMs = 13000;
  Numbered::Options options;
  options.end_ms = 3 * kAwayMs;
  options.padding = 400000;
  Config config;
  config.source = std::make_shared<Numbered>(options);
  config.outages.push_back({Media::Audio, 1000, 1000 + kAwayMs});
  config.replay.audio = true;
  auto server = serve(std::move(config));
  RecorderRun run({"--video-resolution=sd"});
  run.announce(*server);
  run.wait_events("audio-lost", 1, 4 * kDeadlineMs);
  const std::string metrics = run.get("/metrics").body,
                    name = "rtms_meeting_audio_lost_milliseconds_total{";
  const std::size_t at = metrics.find("} ", metrics.find(name));
  ck_assert_msg(at != std::string::npos && std::atoi(metrics.c_str() + at + 2) > 1000, "%s",
                metrics.c_str());
  run.program().send(SIGTERM);
  run.expect_end();
  const std::string report = run.text_of(run.only_folder() + "/meeting.json");
  ck_assert_msg(contains(report, "\"audio_lost_s\""), "%s", report.c_str());
}
GST_END_TEST;

static Suite *recorder_kept_suite() {
  constexpr double kPatienceSeconds = 300;
  Suite *suite = suite_create("recorder_kept");
  const std::pair<const char *, TFun> tests[] = {
      {"mixed", test_mixed}, {"each-speaker", test_each_speaker}, {"no-room", test_no_room}};
  for (const auto &[name, test] : tests) {
    TCase *one = tcase_create(name);
    tcase_set_timeout(one, kPatienceSeconds);
    tcase_add_test(one, test);
    suite_add_tcase(suite, one);
  }
  return suite;
}

GST_CHECK_MAIN(recorder_kept)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Many meetings in one recorder, disturbed at random, and kill -9 of the recorder in the middle:
// what is missing from the parts together. RTMS_MEETINGS, RTMS_SECONDS and RTMS_SEED say how many,
// how long, and which disturbances. Fails if audio is missing that the server sent on a live
// connection.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>

#include "kept.h"

namespace {

using namespace rtmscheck;

int64_t number(const char *variable, int64_t otherwise) {
  const char *text = g_getenv(variable);
  return text ? std::atoll(text) : otherwise;
}

using Random = std::mt19937;

int64_t between(Random *random, int64_t least, int64_t most) {
  return std::uniform_int_distribution<int64_t>(least, most)(*random);
}

// Times of a meeting in which its connections stand still.
using Stalls = std::vector<std::pair<int64_t, int64_t>>;

// One after the other, each over before the next: connections are lost or stand still.
Stalls disturb(Config *config, int64_t end_ms, Random *random) {
  Stalls stalls;
  constexpr int64_t kFirstMs = 8000, kQuietMs = 45000, kApartMs = 90000, kTailMs = 75000;
  const std::vector<Where> media = {Media::Audio, Media::Video, Media::Transcript, Media::Chat};
  for (int64_t at = between(random, kFirstMs, kApartMs); at < end_ms - kTailMs;
       at += between(random, kQuietMs, kApartMs)) {
    const int64_t until = at + between(random, 1000, 25000);
    switch (between(random, 0, 4)) {
      case 0:
        config->outages.push_back({Media::Audio, at, until});
        break;
      case 1:
        config->outages.push_back({Media::Video, at, until});
        break;
      case 2:
        for (const Where &where : media)
          config->outages.push_back({where, at, until});
        break;
      case 3:
        config->outages.push_back({Signaling, at, until});
        break;
      default:
        for (const Where &where : media) {
          config->script.push_back({at, where, "", Action::Stall});
          config->script.push_back({std::min(until, at + 10000), where, "", Action::Resume});
        }
        stalls.emplace_back(at, std::min(until, at + 10000));
    }
    at = until;
  }
  return stalls;
}

struct Meeting {
  std::unique_ptr<Server> server;
  std::vector<std::string> folders;  // of its parts
  std::set<int64_t> packets, pictures;
  Stalls stalls;

  // What a server has sent on a connection that stands still is in no program yet.
  bool stands_still(int64_t at_ms) const {
    constexpr int64_t kNearMs = 3000;  // the meetings do not begin at the same moment
    return std::any_of(stalls.begin(), stalls.end(), [&](const auto &stall) {
      return at_ms > stall.first - kNearMs && at_ms < stall.second + kNearMs;
    });
  }
};

// "12.34 to 13.02 s"
std::string holes(const std::set<int64_t> &packets, int64_t end) {
  std::string text;
  int64_t expected = 0;
  const auto hole = [&](int64_t from, int64_t to) {
    char one[64];
    g_snprintf(one, sizeof one, "%s%.2f to %.2f s", text.empty() ? "" : ", ",
               static_cast<double>(from * kPacketMs) / 1000,
               static_cast<double>(to * kPacketMs) / 1000);
    text += one;
  };
  for (int64_t packet : packets) {
    if (packet > expected + 1)  // the number of silence is one packet in 65536
      hole(expected, packet);
    expected = packet + 1;
  }
  if (expected + 1 < end)
    hole(expected, end);
  return text.empty() ? "none" : text;
}

}  // namespace

GST_START_TEST(test_disturbed) {
  const auto count = static_cast<std::size_t>(number("RTMS_MEETINGS", 20));
  const int64_t length_ms = number("RTMS_SECONDS", 1800) * 1000;
  Random random(static_cast<unsigned>(number("RTMS_SEED", 1)));
  std::vector<Meeting> meetings(count);
  for (Meeting &meeting : meetings) {
    Config config = numbered(length_ms);
    config.replay.speed = static_cast<double>(5 * between(&random, 0, 1));
    meeting.stalls = disturb(&config, length_ms, &random);
    meeting.server = serve(std::move(config));
  }
  RecorderRun run({"--video-resolution=sd"});
  for (const Meeting &meeting : meetings)
    run.announce(*meeting.server);
  run.wait_events("recording", count, 3 * kDeadlineMs);
  const int64_t start_us = g_get_monotonic_time();
  const auto seconds = [&] {
    return static_cast<double>(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
  };
  // Webhooks come again, too.
  int later = 0;
  while (seconds() < static_cast<double>(length_ms) / 2000) {
    g_usleep(5 * G_USEC_PER_SEC);
    run.announce(
        *meetings[static_cast<std::size_t>(between(&random, 0, static_cast<int64_t>(count) - 1))]
             .server,
        ++later);
  }
  const double killed = seconds();
  run.program().send(SIGKILL);
  ck_assert(run.program().wait(kDeadlineMs));
  RecorderRun after({{"--video-resolution=sd"}, run.output(), {}, true});
  after.wait_events("tail", count, 3 * kDeadlineMs);
  after.wait_events("finished", count, static_cast<int>(length_ms) + 20 * kDeadlineMs);
  after.program().send(SIGTERM);
  after.expect_end();

  std::map<std::string, Meeting *> by_stream;
  for (Meeting &meeting : meetings)
    by_stream[meeting.server->stream_id()] = &meeting;
  for (const std::string &folder : after.folders())
    by_stream.at(report_of(folder, "stream_id"))->folders.push_back(folder);
  double lost_s = 0, sent_s = 0;
  uint64_t frames = 0, frames_sent = 0;
  int bad = 0;
  g_print(
      "killed after %.1f s\n| meeting | parts | audio kept of what was sent | missing | frames "
      "kept of those sent |\n|---|---|---|---|---|\n",
      killed);
  for (Meeting &meeting : meetings) {
    int64_t last = 0;
    for (const std::string &folder : meeting.folders)
      for (const char *file : {"/meeting.mkv", "/tail.mkv"}) {
        if (g_str_equal(file, "/tail.mkv") && !std::filesystem::exists(folder + file))
          continue;
        const Contents part = contents_of(folder + file, last);
        ck_assert_msg(part.error.empty(), "%s: %s", folder.c_str(), part.error.c_str());
        meeting.packets.insert(part.packets.begin(), part.packets.end());
        meeting.pictures.insert(part.pictures.begin(), part.pictures.end());
        if (!meeting.packets.empty())
          last = *meeting.packets.rbegin();
      }
    const double sent = static_cast<double>(meeting.server->sent(Media::Audio)) * kPacketMs / 1000;
    const double kept = static_cast<double>(meeting.packets.size()) * kPacketMs / 1000;
    const uint64_t pictures = meeting.server->sent(Media::Video);
    const bool stood_still = meeting.stands_still(static_cast<int64_t>(killed * 1000));
    g_print("| %d | %zu | %.2f s of %.2f s | %s%s | %zu of %d |\n",
            static_cast<int>(&meeting - meetings.data()) + 1, meeting.folders.size(), kept, sent,
            holes(meeting.packets, length_ms / kPacketMs).c_str(),
            stood_still ? " (its connections stood still at the kill)" : "",
            meeting.pictures.size(), static_cast<int>(pictures));
    // A packet on its way at the kill, and one in 65536 whose number is silence.
    constexpr double kOnTheirWay = 3 * kPacketMs / 1000.0;
    bad += !stood_still && sent - kept > kOnTheirWay;
    sent_s += sent;
    lost_s += sent - kept;
    frames += meeting.pictures.size();
    frames_sent += pictures;
  }
  g_print("lost: %.2f s of %.0f s of audio, %d of %d frames\n", lost_s, sent_s,
          static_cast<int>(frames_sent - frames), static_cast<int>(frames_sent));
  ck_assert_msg(bad == 0, "%d meetings lack audio that was sent on a live connection", bad);
}
GST_END_TEST;

static Suite *disturbed_suite() {
  constexpr double kPatienceSeconds = 3600;
  Suite *suite = suite_create("disturbed");
  TCase *tc = tcase_create("disturbed");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_disturbed);
  return suite;
}

GST_CHECK_MAIN(disturbed)

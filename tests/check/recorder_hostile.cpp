// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder records a meeting while the servers of others are hostile: each of those meetings
// ends with an error of its own, and the recorder notices no more of it.
#include "hostile.h"
#include "hostilescenes.h"
#include "recorder_run.h"
#include "replay.h"

#include <unistd.h>
#include <csignal>
#include <fstream>
#include <list>

namespace {

using namespace rtmscheck;

constexpr int64_t kMeetingMs = 10000;
constexpr uint64_t kMostGrowth = uint64_t{256} << 20;

// The service ends the stream because of a failure of its own.
constexpr char kFailed[] = R"({"msg_type":8,"state":4,"reason":10,"timestamp":1738392033699})";

using Attack = std::function<void(RawPeer &)>;

// The server of one meeting. When it has done its worst, it ends the stream.
class Hostile {
 public:
  explicit Hostile(Attack signaling, Attack media = {})
      : server_(
            std::in_place,
            [this, signaling = std::move(signaling)](RawPeer &peer) {
              if (!peer.signaling_handshake() || !peer.expect(7))
                return;
              if (signaling)
                signaling(peer);
              peer.server().wait_for([this] { return attacked_.load(); });
              peer.send_json(kFailed);
              peer.linger();
            },
            [this, media = std::move(media)](RawPeer &peer) {
              const bool first = !met_.exchange(true);
              if (!peer.media_handshake() || !peer.wait_ready())
                return;
              if (first && media)
                media(peer);
              if (first)
                attacked_ = true;
              peer.linger();
            }) {}
  // Which does not even get to a handshake; the second attempt is told that there is nothing.
  explicit Hostile(const Answer &answer)
      : server_(std::in_place, [this, &answer](RawPeer &peer) {
          constexpr char kNothing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
          if (met_.exchange(true))
            peer.send(kNothing);
          else
            send_answer(peer, answer);
        }) {}

  // All was as the attack expects it: what must live on has.
  void finish() { server_->finish(); }

  std::string announcement(size_t number) const {
    return R"({"event":"meeting.rtms_started","event_ts":)" + std::to_string(number) +
           R"(,"payload":{"object":{"meeting_uuid":"m","rtms_stream_id":"hostile-)" +
           std::to_string(number) + R"(","server_urls":")" + server_->url("/signaling") + "\"}}}";
  }

 private:
  std::atomic<bool> met_{false}, attacked_{false};
  std::optional<RawServer> server_;
};

uint64_t resident_of(int pid) {
  uint64_t size = 0, pages = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> size >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// Records a good meeting meanwhile, all of which is in its file.
void attack_recorder(std::list<Hostile> *hostiles) {
  std::list<Hostile> &all = *hostiles;
  MeetingOptions options;
  options.duration_ms = kMeetingMs;
  const auto reel = film(options);
  Config config;
  config.source = std::make_shared<ReelSource>(reel);
  auto server = serve(std::move(config));
  RecorderRun run({"--video-resolution=sd"});
  run.announce(*server);
  run.wait_events("recording", 1);
  const int pid = run.program().pid();
  const uint64_t before = resident_of(pid);
  size_t number = 0;
  for (const Hostile &hostile : all)
    ck_assert_int_eq(post_signed(run.url(), hostile.announcement(++number)).status, 200);
  uint64_t most = 0;
  int64_t stall_us = 0;
  const auto over = [&] {
    most = std::max(most, resident_of(pid));
    const int64_t start = g_get_monotonic_time();
    ck_assert_int_eq(run.get("/healthz").status, 200);
    stall_us = std::max(stall_us, g_get_monotonic_time() - start);
    return run.events("failed").size() == all.size() && run.events("finished").size() == 1;
  };
  const int patience_ms = static_cast<int>(kMeetingMs) + 2 * kDeadlineMs;
  ck_assert_msg(run.program().wait_until(over, patience_ms), "%zu of %zu have failed\n%s",
                run.events("failed").size(), all.size(), run.said().c_str());
  g_print("%zu meetings: %d MB more, at most %d ms without an answer\n", all.size(),
          static_cast<int>((most - std::min(before, most)) >> 20),
          static_cast<int>(stall_us / 1000));
  ck_assert_msg(!in_real_time() || stall_us < G_USEC_PER_SEC, "%d ms without an answer",
                static_cast<int>(stall_us / 1000));
  ck_assert_msg(!in_real_time() || most < before + kMostGrowth, "%d MB more",
                static_cast<int>((most - before) >> 20));
  for (const std::string &line : run.events("failed"))
    ck_assert_msg(contains(line, "hostile-"), "%s", line.c_str());
  run.program().send(SIGTERM);
  run.expect_end();
  for (Hostile &hostile : all)
    hostile.finish();
  for (const std::string &folder : run.folders()) {
    if (report_of(folder, "stream_id") != server->stream_id())
      continue;
    const auto tracks = tracks_of(folder + "/meeting.mkv");
    ck_assert_int_eq(tracks.at("video").packets,
                     static_cast<int>(reel->items.at(Media::Video).size()));
    const double missing = static_cast<double>(kMeetingMs) / 1000 - tracks.at("audio").end;
    // An end that comes late is silence.
    ck_assert_msg(!in_real_time() || (missing < 0.1 && missing > -1.5), "%f s are missing",
                  missing);
    return;
  }
  ck_abort_msg("no recording of the good meeting");
}

Attack saying(std::vector<std::string> messages) {
  return [messages = std::move(messages)](RawPeer &peer) {
    flood(peer, static_cast<int>(messages.size()),
          [&](int i) { return messages[static_cast<size_t>(i)]; });
  };
}

Attack flooding(int count, std::function<std::string(int)> nth) {
  return [count, nth = std::move(nth)](RawPeer &peer) { flood(peer, count, nth); };
}

}  // namespace

// Messages of which nothing makes sense, and some of which a part does.
GST_START_TEST(test_messages) {
  std::list<Hostile> all;
  for (const std::string &message : media_messages())
    all.emplace_back(Attack(), saying(spoiled(message)));
  for (const std::string &message : signaling_messages())
    all.emplace_back(saying(spoiled(message)));
  all.emplace_back(saying(garbage()), saying(garbage()));
  attack_recorder(&all);
}
GST_END_TEST;

// What is no WebSocket, and no HTTP.
GST_START_TEST(test_connections) {
  std::list<Hostile> all;
  for (const Broken &broken : broken_frames())
    all.emplace_back(Attack(), [&broken](RawPeer &peer) {
      peer.send(broken.bytes);
      peer.close_code();
    });
  for (const Answer &answer : answers())
    all.emplace_back(answer);
  attack_recorder(&all);
}
GST_END_TEST;

// More than anybody needs.
GST_START_TEST(test_floods) {
  const std::string name(200, 'n'), long_name(1 << 19, 'n');
  std::list<Hostile> all;
  all.emplace_back(flooding(30, [&](int i) { return join_of(i * 4000, 4000, name); }));
  all.emplace_back(flooding(5, [&](int i) { return join_of(0, 60000 + i, name); }));
  all.emplace_back(flooding(15000, [](int i) { return event_json(12345 + i, "\"x\":[]"); }));
  all.emplace_back(Attack(),
                   flooding(10000, [](int i) { return audio_json(0, static_cast<uint64_t>(i)); }));
  all.emplace_back(Attack(), flooding(100, [&](int i) {
                     return audio_json(20 * i, kUser, name_member(std::to_string(i) + long_name));
                   }));
  all.emplace_back(Attack(), flooding(15000, [&](int i) {
                     return audio_json(20, 5, name_member(std::to_string(i) + name));
                   }));
  all.emplace_back(Attack(), flooding(15000, [](int) { return transcript_json(0, ""); }));
  attack_recorder(&all);
}
GST_END_TEST;

static Suite *recorder_hostile_suite() {
  Suite *suite = suite_create("recorder_hostile");
  add_case(suite, "messages", test_messages);
  add_case(suite, "connections", test_connections);
  add_case(suite, "floods", test_floods);
  return suite;
}

GST_CHECK_MAIN(recorder_hostile)

// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder as several processes that share the meetings, with real nats-servers.
#include <csignal>
#include <filesystem>
#include <fstream>

#include "adminport.h"
#include "natsservers.h"
#include "recorder_run.h"

namespace {

using namespace rtmscheck;

using Runs = std::vector<std::unique_ptr<RecorderRun>>;

std::unique_ptr<RecorderRun> run_one(const NatsServers &nats,
                                     std::vector<std::string> options = {}) {
  options.push_back("--cluster=" + nats.urls());
  options.push_back("--no-video");
  auto run = std::make_unique<RecorderRun>(options);
  run->url();
  return run;
}

bool is_healthy(RecorderRun *run) {
  return run->get("/healthz").status == 200;
}

Runs run_some(const NatsServers &nats, unsigned count,
              const std::vector<std::string> &options = {}) {
  Runs runs;
  for (unsigned i = 0; i < count; i++)
    runs.push_back(run_one(nats, options));
  for (const auto &run : runs)
    ck_assert_msg(run->program().wait_until([&] { return is_healthy(run.get()); }, 2 * kDeadlineMs),
                  "%s", run->said().c_str());
  return runs;
}

unsigned recordings(const Runs &runs) {
  std::size_t all = 0;
  for (const auto &run : runs)
    all += run->folders().size();
  return static_cast<unsigned>(all);
}

void end(Runs *runs) {
  for (const auto &run : *runs)
    run->program().send(SIGTERM);
  for (const auto &run : *runs)
    run->expect_end();
}

// Where all media of a meeting come, of one connection at a time.
bool is_recorded(const Server &server, uint64_t more_than) {
  return server.sent(Media::Audio) > more_than && server.connections() == 4;
}

RecorderRun *owner_of(const Runs &runs, const Server &server) {
  RecorderRun *owner = nullptr;
  const auto found = [&] {
    for (const auto &run : runs)
      if (run->program().running() && run->messages(server, "audio") > 0)
        owner = run.get();
    return owner != nullptr;
  };
  ck_assert_msg(runs[0]->program().wait_until(found), "nobody has it");
  return owner;
}

std::size_t kicked(const Server &server) {
  std::size_t all = 0;
  for (const std::string &one : server.violations())
    all += contains(one, "kicked");
  return all;
}

// The folders of a stream's parts, of all recorders, in their order.
std::vector<std::string> parts_of(const Runs &runs, const Server &server) {
  std::map<std::string, std::string> parts;
  for (const auto &run : runs)
    for (const std::string &folder : run->folders())
      if (report_of(folder, "stream_id") == server.stream_id())
        parts[std::filesystem::path(folder).filename()] = folder;
  std::vector<std::string> all;
  for (const auto &[name, folder] : parts)
    all.push_back(folder);
  return all;
}

void expect_parts(const Runs &runs, const Server &server, std::size_t count) {
  const auto parts = parts_of(runs, server);
  ck_assert_uint_eq(parts.size(), count);
  for (std::size_t i = 1; i < count; i++) {
    expect_text(report_of(parts[i], "recording"), report_of(parts[0], "recording").c_str());
    expect_text(report_of(parts[i], "previous_part"),
                std::filesystem::path(parts[i - 1]).filename().c_str());
    const std::string part = "\"part\":" + std::to_string(i + 1);
    std::ifstream file(parts[i] + "/meeting.json");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    ck_assert_msg(contains(text, part), "%s", text.c_str());
  }
}

// Until another recorder has it, in ms. The service may need longer to let go the old connections.
int64_t time_to_take_over(RecorderRun *other, const Server &server, unsigned accepted) {
  constexpr int kMostMs = 30000;
  const int64_t start = g_get_monotonic_time();
  other->wait_events("taken-over", 1, kMostMs);
  const int64_t taken = g_get_monotonic_time();
  ck_assert(other->program().wait_until(
      [&] { return server.accepted() >= accepted + 4 && server.connections() == 4; }));
  return (taken - start) / 1000;
}

constexpr int64_t kTakenOverMs = 15000;

void expect_at_most(int64_t got, int64_t most) {
  ck_assert_msg(!in_real_time() || got <= most, "%d ms instead of %d", static_cast<int>(got),
                static_cast<int>(most));
}

}  // namespace

// Whoever gets a webhook, and however often: each stream is recorded once, and all have some.
GST_START_TEST(test_owned_once) {
  constexpr unsigned kMeetings = 9;
  NatsServers nats;
  Runs runs = run_some(nats, 3);
  std::vector<std::unique_ptr<Server>> servers;
  for (unsigned i = 0; i < kMeetings; i++) {
    servers.push_back(serve(meeting_of(0)));
    runs[i % 3]->announce(*servers[i]);
    runs[(i + 1) % 3]->announce(*servers[i]);
  }
  for (const auto &server : servers)
    ck_assert(server->wait_for([](const Server &s) { return s.sent(Media::Audio) > 0; },
                               2 * kDeadlineMs));
  ck_assert_uint_eq(recordings(runs), kMeetings);
  for (const auto &run : runs)
    ck_assert_msg(run->folders().size() >= 2, "%s", run->said().c_str());
  for (const auto &server : servers)
    ck_assert(server->wait_for(
        [](const Server &s) { return s.connections() == 4; },  // signaling, audio, texts
        kDeadlineMs));
  // Any of them tells of all.
  const std::string metrics = runs[0]->get("/metrics").body;
  for (const auto &server : servers)
    ck_assert_msg(contains(metrics, "rtms_cluster_stream_owner{stream=\"" + server->stream_id()),
                  "%s", metrics.c_str());
  // So does the operator's port of one that has none of them.
  AdminPort admin({{"--cluster=" + nats.urls(), "--no-video"}, "", {}, true});
  const auto shown = [&] {
    const std::string body = admin.get("/metrics").body;
    return std::all_of(servers.begin(), servers.end(), [&](const auto &server) {
      return contains(body, "rtms_cluster_stream_owner{stream=\"" + server->stream_id());
    });
  };
  ck_assert_msg(admin.run().program().wait_until(shown, 2 * kDeadlineMs), "%s",
                admin.get("/metrics").body.c_str());
  ck_assert_int_eq(admin.get("/healthz").status, 200);
  admin.run().program().send(SIGTERM);
  admin.run().expect_end();
  // Later webhooks reach the owner, whoever gets them.
  for (const auto &server : servers) {
    server->end_stream(6);
    runs[0]->tell(*server, "meeting.rtms_stopped");
  }
  const auto finished = [&] {
    std::size_t all = 0;
    for (const auto &run : runs)
      all += run->events("finished").size();
    return all == kMeetings;
  };
  ck_assert(runs[0]->program().wait_until(finished, 2 * kDeadlineMs));
  end(&runs);
  ck_assert_uint_eq(recordings(runs), kMeetings);
  for (const auto &server : servers)
    expect_no_violations(*server);
}
GST_END_TEST;

namespace {

// The parts in one file: how many beeps are missing between the first and the last. They are a
// second apart, wherever a part begins.
unsigned missing_beeps(const Runs &runs, const Server &server) {
  TemporaryDirectory joined;
  std::vector<std::string> arguments = {g_getenv("RTMS_RECORDER"), "--join",
                                        "--output=" + joined.path()};
  for (const std::string &part : parts_of(runs, server))
    arguments.push_back(part);
  std::vector<const char *> pointers;
  for (const std::string &one : arguments)
    pointers.push_back(one.c_str());
  run(pointers);
  const std::string file = joined.file("meeting.mkv");
  expect_playable(file, "0:a");
  namespace fs = std::filesystem;
  ck_assert((fs::status(file).permissions() & ~fs::perms::owner_all) == fs::perms::none);
  const auto beeps = beeps_of(file);
  ck_assert_uint_ge(beeps.size(), 3);
  unsigned missing = 0;
  for (std::size_t i = 1; i < beeps.size(); i++) {
    constexpr double kTolerance = 0.06;
    const double apart = beeps[i] - beeps[i - 1];
    ck_assert_msg(!in_real_time() || std::abs(apart - std::round(apart)) < kTolerance,
                  "%f s between beep %u and the next", apart, static_cast<unsigned>(i));
    missing += static_cast<unsigned>(std::lround(apart)) - 1;
  }
  std::ifstream vtt(joined.file("meeting.vtt"));
  ck_assert(vtt.good());
  return missing;
}

// The service keeps the audio of the time without a connection.
Config replayed() {
  Config config = meeting_of(0);
  config.replay.audio = true;
  return config;
}

}  // namespace

// An owner that dies.
GST_START_TEST(test_killed) {
  NatsServers nats;
  Runs runs = run_some(nats, 2);
  auto server = serve(replayed());
  runs[0]->announce(*server);
  // Its file has something: see below.
  constexpr uint64_t kPackets = 500;
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, kPackets); }, 20000));
  RecorderRun *owner = owner_of(runs, *server);
  RecorderRun *other = runs[owner == runs[0].get()].get();
  const unsigned accepted = server->accepted();
  owner->program().send(SIGKILL);
  expect_at_most(time_to_take_over(other, *server, accepted), kTakenOverMs);
  ck_assert(contains(other->get("/metrics").body, "rtms_cluster_takeovers_total 1"));
  ck_assert_uint_eq(kicked(*server), 0);
  ck_assert(owner->program().wait(kDeadlineMs));
  other->wait_messages(*server, "audio", 50);
  other->program().send(SIGINT);
  other->expect_end();
  expect_parts(runs, *server, 2);
  // What was not written yet is lost.
  ck_assert_uint_le(missing_beeps(runs, *server), 3);
}
GST_END_TEST;

// An owner that sleeps, and wakes up when it has been replaced: it leaves the stream alone.
GST_START_TEST(test_stopped) {
  NatsServers nats;
  Runs runs = run_some(nats, 2);
  auto server = serve(meeting_of(0));
  runs[0]->announce(*server);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, 100); }));
  RecorderRun *owner = owner_of(runs, *server);
  RecorderRun *other = runs[owner == runs[0].get()].get();
  unsigned accepted = server->accepted();
  owner->program().send(SIGSTOP);
  expect_at_most(time_to_take_over(other, *server, accepted), kTakenOverMs);
  // The kernel of a process that sleeps keeps its connection: the service ends it.
  ck_assert_uint_le(kicked(*server), 1);
  const std::size_t kicks = kicked(*server);
  accepted = server->accepted();
  owner->program().send(SIGCONT);
  owner->wait_events("lease-lost", 1);
  ck_assert(owner->program().wait_until([&] { return is_healthy(owner); }, 2 * kDeadlineMs));
  ck_assert_msg(server->accepted() == accepted, "it connected again\n%s", owner->said().c_str());
  ck_assert_uint_eq(kicked(*server), kicks);
  end(&runs);
  expect_parts(runs, *server, 2);
}
GST_END_TEST;

// Without NATS webhooks come again, and what runs goes on; and so when it is back.
GST_START_TEST(test_no_nats) {
  NatsServers nats;
  Runs runs = run_some(nats, 2);
  auto server = serve(meeting_of(0)), late = serve(meeting_of(0));
  runs[0]->announce(*server);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, 100); }));
  const unsigned accepted = server->accepted();
  nats.kill(0);
  for (const auto &run : runs)
    ck_assert_int_eq(post_signed(run->url(), late->webhook_json()).status, 503);
  // Longer than a lease.
  constexpr int kAwayMs = 13500;
  const int64_t back = g_get_monotonic_time() + kAwayMs * int64_t{1000};
  ck_assert(
      runs[0]->program().wait_until([&] { return g_get_monotonic_time() >= back; }, 2 * kAwayMs));
  ck_assert_uint_eq(server->accepted(), accepted);
  nats.start(0);
  for (const auto &run : runs)
    ck_assert_msg(run->program().wait_until([&] { return is_healthy(run.get()); }), "%s",
                  run->said().c_str());
  ck_assert_int_eq(post_signed(runs[1]->url(), late->webhook_json()).status, 200);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*late, 10); }));
  ck_assert_uint_eq(server->accepted(), accepted);
  for (const auto &run : runs)
    ck_assert_uint_eq(run->events("lease-lost").size(), 0);
  end(&runs);
  expect_no_violations(*server);
}
GST_END_TEST;

// A recorder that is to be replaced hands its meetings over, or waits for their end.
GST_START_TEST(test_drain) {
  const bool moves = __i__ == 0;
  NatsServers nats;
  Runs runs = run_some(nats, 2, {moves ? "--drain=move" : "--drain=wait"});
  std::vector<std::unique_ptr<Server>> servers;
  for (unsigned i = 0; i < 4; i++) {
    servers.push_back(serve(replayed()));
    runs[0]->announce(*servers[i]);
  }
  for (const auto &server : servers)
    ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, 150); }));
  RecorderRun *leaves = owner_of(runs, *servers[0]);
  RecorderRun *stays = runs[leaves == runs[0].get()].get();
  leaves->program().send(SIGUSR1);
  leaves->wait_events("draining", 1);
  auto late = serve(meeting_of(0));
  leaves->announce(*late);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*late, 10); }));
  ck_assert_int_eq(leaves->messages(*late, "audio"), 0);
  if (!moves)
    for (const auto &server : servers)
      if (leaves->messages(*server, "audio") > 0)
        server->end_stream(6);
  leaves->expect_end(4 * kDeadlineMs);
  if (moves)
    for (const auto &server : servers)
      ck_assert_msg(stays->program().wait_until([&] { return is_recorded(*server, 50); }), "%s",
                    stays->said().c_str());
  for (const auto &server : servers) {
    expect_no_violations(*server);
    ck_assert_uint_le(parts_of(runs, *server).size(), moves ? 2 : 1);
  }
  if (moves)
    for (const auto &server : servers)
      stays->wait_messages(*server, "audio", 150);
  stays->program().send(SIGTERM);
  stays->expect_end();
  if (moves)
    for (const auto &server : servers)
      ck_assert_uint_eq(missing_beeps(runs, *server), 0);
}
GST_END_TEST;

static Suite *cluster_suite() {
  Suite *suite = suite_create("cluster");
  add_case(suite, "owned-once", test_owned_once);
  add_case(suite, "killed", test_killed);
  add_case(suite, "stopped", test_stopped);
  add_case(suite, "no-nats", test_no_nats);
  add_case(suite, "drain", test_drain, 2);
  return suite;
}

GST_CHECK_MAIN(cluster)

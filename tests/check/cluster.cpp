// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder as several processes that share the meetings, with real nats-servers.
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "adminport.h"
#include "clusterrun.h"

namespace {

using namespace rtmscheck;

unsigned recordings(const Runs &runs) {
  std::size_t all = 0;
  for (const auto &run : runs)
    all += run->folders().size();
  return static_cast<unsigned>(all);
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

// Two recorders, of which one, the owner, records a meeting.
struct TwoRecorders {
  // With more than so many audio packets when this returns.
  explicit TwoRecorders(const std::map<std::string, std::string> &environment = {},
                        uint64_t packets = 100) {
    for (unsigned i = 0; i < 2; i++)
      runs.push_back(run_one(nats, RecorderRun::Setup{{}, "", environment, true}));
    for (const auto &run : runs)
      wait_healthy(run.get());
    runs[0]->announce(*server);
    ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, packets); },
                                            2 * kDeadlineMs));
    owner = owner_of(runs, *server);
    other = runs[owner == runs[0].get()].get();
    accepted = server->accepted();
  }

  // The other one takes over in time, and never are both connected.
  void break_owner(int signal) {
    owner->program().send(signal);
    expect_at_most(time_to_take_over(other, *server, accepted), kTakenOverMs);
    ck_assert_uint_eq(kicked(*server), 0);
  }

  NatsServers nats;
  Runs runs;
  std::unique_ptr<Server> server = serve(replayed());
  RecorderRun *owner = nullptr, *other = nullptr;
  unsigned accepted = 0;  // connections, when the owner breaks
};

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

// An owner that dies.
GST_START_TEST(test_killed) {
  TwoRecorders two({}, 500);  // its file has something: see below
  two.break_owner(SIGKILL);
  ck_assert(contains(two.other->get("/metrics").body, "rtms_cluster_takeovers_total 1"));
  ck_assert(two.owner->program().wait(kDeadlineMs));
  two.other->wait_messages(*two.server, "audio", 50);
  two.other->program().send(SIGINT);
  two.other->expect_end();
  expect_parts(two.runs, *two.server, 2);
  // What was not written yet is lost.
  ck_assert_uint_le(missing_beeps(two.runs, *two.server), 3);
}
GST_END_TEST;

// A stopped owner is continued by its watchdog when its lease is over: it closes its connections
// before another recorder connects, and leaves the stream alone.
GST_START_TEST(test_stopped) {
  TwoRecorders two;
  two.break_owner(SIGSTOP);
  two.owner->wait_events("lease-lost", 1);
  ck_assert(
      two.owner->program().wait_until([&] { return is_healthy(two.owner); }, 2 * kDeadlineMs));
  ck_assert_msg(two.server->accepted() == two.accepted + 4, "it connected again\n%s",
                two.owner->said().c_str());
  ck_assert_uint_eq(kicked(*two.server), 0);
  two.other->wait_messages(*two.server, "audio", 50);
  end(&two.runs);
  expect_parts(two.runs, *two.server, 2);
  // What the service sent it in its sleep was in its sockets.
  ck_assert_uint_eq(missing_beeps(two.runs, *two.server), 0);
}
GST_END_TEST;

// An owner whose main thread hangs is ended by its watchdog when its lease is over.
GST_START_TEST(test_hung) {
  TwoRecorders two(
      {{"LD_PRELOAD", g_getenv("RTMS_HANG")}, {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
  two.break_owner(SIGRTMIN);
  ck_assert(two.owner->program().wait(kDeadlineMs));
  ck_assert_msg(two.owner->program().ended_by(SIGKILL), "%s", two.owner->said().c_str());
  two.other->wait_messages(*two.server, "audio", 50);
  // What it received since then is in its journal, not in its file. Its next start completes the
  // file.
  auto again = run_one(two.nats, {}, two.owner->output());
  again->wait_events("tail", 1, 2 * kDeadlineMs);
  for (RecorderRun *run : {again.get(), two.other}) {
    run->program().send(SIGTERM);
    run->expect_end();
  }
  expect_parts(two.runs, *two.server, 2);
  ck_assert_uint_eq(missing_beeps(two.runs, *two.server), 0);
}
GST_END_TEST;

// An owner that reaches NATS, but not the service: another recorder tries while the service waits.
GST_START_TEST(test_unreached) {
  NatsServers nats;
  auto server = serve(replayed());
  const std::map<std::string, std::string> environment = {
      {"LD_PRELOAD", g_getenv("RTMS_UNREACHED_MODULE")},
      {"ASAN_OPTIONS", "verify_asan_link_order=0"},
      {"RTMS_UNREACHED", std::to_string(server->port())}};
  Runs runs;
  runs.push_back(run_one(nats, RecorderRun::Setup{{}, "", environment, true}));
  wait_healthy(runs[0].get());
  runs[0]->announce(*server);
  runs[0]->wait_events("connecting", 1);
  runs.push_back(run_one(nats));
  expect_at_most(time_to_take_over(runs[1].get(), *server, 0), kTakenOverMs);
  runs[0]->wait_events("unreached", 1);
  // The first one has no stream, and does not get the next one either.
  auto next = serve(replayed());
  runs[0]->announce(*next);
  runs[1]->wait_messages(*next, "audio", 50);
  runs[1]->wait_messages(*server, "audio", 50);
  ck_assert_uint_eq(runs[0]->events("unreached").size(), 1);
  end(&runs);
  ck_assert_uint_eq(server->accepted(), 4);
}
GST_END_TEST;

// An owner that loses the service in the middle of a meeting: another recorder continues it while
// the service waits.
GST_START_TEST(test_unreached_later) {
  NatsServers nats;
  auto server = serve(replayed());
  TemporaryDirectory directory;
  const std::string gone = directory.file("gone");
  const std::map<std::string, std::string> environment = {
      {"LD_PRELOAD", g_getenv("RTMS_UNREACHED_MODULE")},
      {"ASAN_OPTIONS", "verify_asan_link_order=0"},
      {"RTMS_UNREACHED", std::to_string(server->port())},
      {"RTMS_UNREACHED_WHEN", gone}};
  Runs runs;
  runs.push_back(run_one(nats, RecorderRun::Setup{{}, "", environment, true}));
  wait_healthy(runs[0].get());
  runs[0]->announce(*server);
  runs[0]->wait_messages(*server, "audio", 50);
  runs.push_back(run_one(nats));
  wait_healthy(runs[1].get());
  ck_assert(g_file_set_contents(gone.c_str(), "", 0, nullptr));
  server->drop(Signaling, true);
  runs[0]->wait_events("unreached", 1, 2 * kDeadlineMs);
  runs[1]->wait_messages(*server, "audio", 50);
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

// The server comes back without its files, as one without a volume does: what is recorded goes on,
// what is announced then is recorded, and if its owner dies, by the other one.
GST_START_TEST(test_emptied) {
  NatsServers nats;
  Runs runs = run_some(nats, 2);
  auto server = serve(replayed()), late = serve(replayed());
  runs[0]->announce(*server);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, 100); }));
  const unsigned accepted = server->accepted();
  nats.kill(0);
  nats.empty(0);
  nats.start(0);
  for (const auto &run : runs) {
    const auto told = [&] { return contains(run->said(), "has lost records"); };
    ck_assert_msg(run->program().wait_until(told), "%s", run->said().c_str());
    ck_assert(run->program().wait_until([&] { return is_healthy(run.get()); }));
  }
  ck_assert_int_eq(post_signed(runs[1]->url(), late->webhook_json()).status, 200);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*late, 10); }));
  ck_assert_uint_eq(server->accepted(), accepted);
  RecorderRun *owner = owner_of(runs, *server);
  owner->program().send(SIGKILL);
  ck_assert(owner->program().wait(kDeadlineMs));
  const auto taken = [&] { return server->accepted() > accepted; };
  RecorderRun *other = runs[owner == runs[0].get()].get();
  ck_assert(other->program().wait_until(taken, 3 * kDeadlineMs));
  other->program().send(SIGTERM);
  other->expect_end();
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

// TLS, and a user who may do no more than the documents say. Nobody else gets in, and no other
// server is trusted.
GST_START_TEST(test_guarded) {
  NatsServers nats({1, true}), elsewhere({1, true, "127.0.0.2"});
  const std::string credentials = "--cluster-credentials=" + nats.credentials_file();
  const std::string ca = "--cluster-ca=" + nats.ca_file();
  Runs runs = run_some(nats, 2, {credentials, ca});
  auto server = serve(meeting_of(0));
  runs[0]->announce(*server);
  ck_assert(runs[0]->program().wait_until([&] { return is_recorded(*server, 10); }));
  const std::pair<std::unique_ptr<RecorderRun>, const char *> others[] = {
      {run_one(nats, {ca}), "Authorization Violation"},
      {run_one(nats, {credentials}), "self-signed certificate"},
      {run_one(elsewhere, {credentials, "--cluster-ca=" + elsewhere.ca_file()}), "mismatch"}};
  for (const auto &[run, why] : others) {
    run->wait_events("cluster", 1);
    const std::string told = run->events("cluster")[0];
    ck_assert_msg(contains(told, why), "%s", told.c_str());
    ck_assert(!is_healthy(run.get()));
  }
  end(&runs);
  for (const auto &[run, why] : others) {
    run->program().send(SIGTERM);
    run->expect_end();
  }
  // Nothing of the credentials is told.
  char *text = nullptr;
  ck_assert(g_file_get_contents(nats.credentials_file().c_str(), &text, nullptr, nullptr));
  const CharPtr owned(text);
  const char *seed = std::strstr(text, "\nSU");
  ck_assert(seed);
  runs[0]->expect_no_secrets({std::string(seed + 1, 56)});
}
GST_END_TEST;

// Its account is gone for a while: libnats gives up, the recorder does not.
GST_START_TEST(test_locked_out) {
  NatsServers nats({1, true});
  Runs runs = run_some(
      nats, 1,
      {"--cluster-credentials=" + nats.credentials_file(), "--cluster-ca=" + nats.ca_file()});
  nats.kill(0);
  nats.set_account(false);
  nats.start(0);
  const auto refused = [&] {
    const std::string output = nats.output(0), sign = "authentication error";
    unsigned count = 0;
    for (std::size_t at = 0; (at = output.find(sign, at)) != std::string::npos; at++)
      count++;
    return count >= 4;
  };
  ck_assert_msg(runs[0]->program().wait_until(refused, 2 * kDeadlineMs), "it tries no more");
  nats.kill(0);
  nats.set_account(true);
  nats.start(0);
  wait_healthy(runs[0].get());
  end(&runs);
}
GST_END_TEST;

// A recorder is started again as one of a cluster, during a meeting that the cluster does not know.
GST_START_TEST(test_joins_later) {
  NatsServers nats;
  TemporaryDirectory output;
  auto server = serve(replayed());
  {
    RecorderRun alone(RecorderRun::Setup{{"--video-resolution=sd"}, output.path(), {}, true});
    alone.announce(*server);
    ck_assert(alone.program().wait_until([&] { return server->sent(Media::Audio) > 50; }));
    alone.program().send(SIGTERM);
    alone.expect_end();
  }
  const unsigned accepted = server->accepted();
  const auto run = run_one(nats, RecorderRun::Setup{{}, output.path(), {}, true});
  ck_assert_msg(run->program().wait_until([&] { return server->accepted() >= accepted + 4; }), "%s",
                run->said().c_str());
  ck_assert_uint_eq(run->events("resumed").size(), 1);
}
GST_END_TEST;

// The cluster had one server at first: now each of three may fail.
GST_START_TEST(test_more_servers) {
  NatsServers nats(3);
  nats.wait_ready();
  const std::string urls = nats.urls();
  {
    RecorderRun first(RecorderRun::Setup{
        {"--cluster=" + urls.substr(0, urls.find(',')), "--no-video"}, "", {}, true});
    wait_healthy(&first);
    first.program().send(SIGTERM);
    first.expect_end();
  }
  const auto run = run_one(nats, RecorderRun::Setup{{}, "", {}, true});
  wait_healthy(run.get());
  for (unsigned i = 0; i < nats.count(); i++) {
    nats.kill(i);
    // What is answered with 200 is stored.
    const auto stored = [&] {
      return post_signed(run->url(), stream_event("meeting.rtms_stopped", "other", i)).status ==
             200;
    };
    ck_assert_msg(run->program().wait_until(stored, 4 * kDeadlineMs), "%s", run->said().c_str());
    nats.start(i);
    nats.wait_ready();
  }
}
GST_END_TEST;

static Suite *cluster_suite() {
  Suite *suite = suite_create("cluster");
  add_case(suite, "owned-once", test_owned_once);
  add_case(suite, "killed", test_killed);
  add_case(suite, "stopped", test_stopped);
  add_case(suite, "hung", test_hung);
  add_case(suite, "unreached", test_unreached);
  add_case(suite, "unreached-later", test_unreached_later);
  add_case(suite, "no-nats", test_no_nats);
  add_case(suite, "emptied", test_emptied);
  add_case(suite, "drain", test_drain, 2);
  add_case(suite, "guarded", test_guarded);
  add_case(suite, "locked-out", test_locked_out);
  add_case(suite, "joins-later", test_joins_later);
  add_case(suite, "more-servers", test_more_servers);
  return suite;
}

GST_CHECK_MAIN(cluster)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Which recorder owns a stream, in a simulated cluster.
#include "clusterworld.h"

#include "cluster/lease.h"

namespace {

using namespace rtmscheck;

std::string webhook(const std::string &event, const std::string &time) {
  return "{\"event\":\"meeting.rtms_" + event + "\",\"event_ts\":" + time +
         R"(,"payload":{"meeting_uuid":"m","rtms_stream_id":"s","server_urls":"wss://a.test/s"}})";
}

void expect_at_most(int64_t got, int64_t most) {
  ck_assert_msg(got <= most, "%d ms instead of %d", static_cast<int>(got), static_cast<int>(most));
}

}  // namespace

// Each stream has one owner within a second, and the recorders have as many each, nearly.
GST_START_TEST(test_spread) {
  constexpr unsigned kStreams = 300, kNodes = 3;
  World world(1, kNodes);
  world.run(1000);
  std::vector<std::string> streams;
  for (unsigned i = 0; i < kStreams; i++) {
    streams.push_back("stream " + std::to_string(i));
    world.announce(streams.back());
    world.run(10);
  }
  expect_at_most(world.time_until([&] { return all_owned(world, streams); }, 5000), 1000);
  for (Node *node : world.nodes)
    ck_assert_msg(node->begun_times >= 80 && node->begun_times <= 120, "%u", node->begun_times);
}
GST_END_TEST;

// What has no room waits, and is begun when there is some; what waits for too long is told.
GST_START_TEST(test_no_room) {
  World world(1, 2, 3);
  world.run(1000);
  const auto streams = announce_some(&world, 8);
  world.run(3000);
  unsigned owned = 0;
  std::string waits, has;
  for (const std::string &stream : streams) {
    owned += world.owners(stream);
    (world.owners(stream) ? has : waits) = stream;
  }
  ck_assert_uint_eq(owned, 6);
  ck_assert_uint_eq(world.nodes[0]->ownership->claims().waiting(), 2);
  world.owner(has)->end(has, Closed::Ended);
  expect_at_most(
      world.time_until([&] { return world.nodes[0]->ownership->claims().waiting() == 1; }, 5000),
      2000);
  world.run(70000);
  for (Node *node : world.nodes)
    ck_assert_uint_eq(node->missed_streams.size(), 1);
  ck_assert_uint_eq(world.owners(has), 0);
}
GST_END_TEST;

// What a dead recorder leaves, and nobody has room for, is forgotten some hours later.
GST_START_TEST(test_forgotten) {
  World world(1, 2, 1);
  world.run(1000);
  const auto streams = announce_some(&world, 2);
  world.run(2000);
  ck_assert(all_owned(world, streams));
  Node *left = world.owner(streams[1]);
  world.kill(world.nodes[0] == left ? 1 : 0);
  world.run(90 * 1000);
  ck_assert_uint_eq(left->missed_streams.size(), 1);
  ck_assert_uint_eq(left->ownership->claims().all().size(), 2);
  world.run(2 * 3600 * 1000);
  const auto all = left->ownership->claims().all();
  ck_assert_uint_eq(all.size(), 1);
  ck_assert_uint_eq(all.count(streams[1]), 1);
}
GST_END_TEST;

// A dead owner's streams are others' within 15 s; those of one who says so, at once.
GST_START_TEST(test_takeover) {
  World world(1, 3);
  world.run(1000);
  const auto streams = announce_some(&world, 9);
  world.run(2000);
  Node *dead = world.owner(streams[0]);
  for (unsigned i = 0; i < 3; i++)
    if (world.nodes[i] == dead)
      world.kill(i);
  expect_at_most(world.time_until([&] { return all_owned(world, streams); }, 30000), 15000);
  Node *leaves = world.owner(streams[0]);
  leaves->ownership->set_capacity({0, 100, 0, false});
  const ClaimRecord before = leaves->ownership->claims().all()[streams[0]];
  leaves->ownership->update(streams[0], [](ClaimRecord *claim) { claim->folder = "before"; });
  world.run(1000);
  leaves->end(streams[0], Closed::Released);
  expect_at_most(world.time_until([&] { return world.owners(streams[0]) == 1; }, 5000), 1000);
  ck_assert(world.owner(streams[0]) != leaves);
  const ClaimRecord after = world.owner(streams[0])->ownership->claims().all()[streams[0]];
  ck_assert_str_eq(after.recording.c_str(), before.recording.c_str());
  ck_assert_uint_eq(after.part, before.part + 1);
  ck_assert_str_eq(after.previous.c_str(), "before");
}
GST_END_TEST;

// NATS comes back without its files: who records goes on, and what is announced then is recorded.
GST_START_TEST(test_store_anew) {
  for (unsigned seed = 1; seed <= 20; seed++) {
    World world(seed, 3);
    world.seed_ = seed;
    world.run(1000);
    const auto streams = announce_some(&world, 9);
    world.run(2000);
    std::map<std::string, Node *> before;
    for (const std::string &stream : streams)
      before[stream] = world.owner(stream);
    world.lose_store();
    world.run(30000);
    for (const std::string &stream : streams)
      ck_assert_msg(world.owner(stream) == before[stream], "seed %u: %s", seed, stream.c_str());
    for (Node *node : world.nodes)
      ck_assert_uint_eq(node->lost_times, 0);
    world.announce("new");
    expect_at_most(world.time_until([&] { return world.owners("new") == 1; }, 5000), 1500);
    Node *dead = world.owner(streams[0]);
    for (unsigned i = 0; i < 3; i++)
      if (world.nodes[i] == dead)
        world.kill(i);
    expect_at_most(world.time_until([&] { return all_owned(world, streams); }, 30000), 15000);
    // What has ended may be announced again.
    world.owner(streams[1])->end(streams[1], Closed::Ended);
    world.run(1000);
    ck_assert_uint_eq(world.owners(streams[1]), 0);
    world.announce(streams[1]);
    expect_at_most(world.time_until([&] { return world.owners(streams[1]) == 1; }, 5000), 1500);
  }
}
GST_END_TEST;

// A recorder that cannot record a stream lets others have it; three such recorders are enough.
GST_START_TEST(test_failures) {
  World world(1, 3);
  world.run(1000);
  world.announce("good");
  world.run(1000);
  Node *first = world.owner("good");
  first->end("good", Closed::Failed);
  expect_at_most(world.time_until([&] { return world.owners("good") == 1; }, 5000), 2000);
  ck_assert(world.owner("good") != first);
  world.announce("bad");
  world.run(1000);
  unsigned owners = 0;
  for (; owners < 10 && world.owners("bad"); owners++) {
    world.owner("bad")->end("bad", Closed::Failed);
    world.run(5000);
  }
  ck_assert_uint_eq(owners, 3);
  // A new announcement is another chance.
  world.announce("bad");
  expect_at_most(world.time_until([&] { return world.owners("bad") == 1; }, 5000), 1500);
}
GST_END_TEST;

// Each owner knows how many before it have not reached the service; one that could not record the
// stream changes nothing about that.
GST_START_TEST(test_unreached) {
  World world(1, 3);
  world.run(1000);
  world.announce("stream");
  const auto expect = [&](unsigned unreached) {
    world.run(5000);
    ck_assert_uint_eq(world.owner("stream")->ownership->claims().own("stream")->unreached,
                      unreached);
  };
  for (unsigned owners = 0; owners < 2; owners++) {
    expect(owners);
    world.owner("stream")->end("stream", Closed::Unreached);
  }
  expect(2);
  // Else the two could hand the stream to each other without an end.
  world.owner("stream")->end("stream", Closed::Failed);
  expect(2);
  world.owner("stream")->end("stream", Closed::Unreached);
  expect(3);
  world.owner("stream")->end("stream", Closed::Released);
  expect(0);
}
GST_END_TEST;

// An owner that sleeps has stopped before it does anything else; a short sleep changes nothing.
GST_START_TEST(test_sleeps) {
  World world(1, 2);
  world.run(1000);
  const auto streams = announce_some(&world, 4);
  world.run(2000);
  Node *sleeper = world.owner(streams[0]);
  sleeper->sleep(6000);
  world.run(10000);
  ck_assert(world.owner(streams[0]) == sleeper && sleeper->lost_times == 0);
  sleeper->sleep(20000);
  const auto other = [&] {
    for (Node *node : world.nodes)
      if (node != sleeper && node->begun(streams[0]))
        return true;
    return false;
  };
  expect_at_most(world.time_until(other, 30000), 15000);
  world.run(10000);
  ck_assert_uint_eq(sleeper->lost_times, 1);
  ck_assert(!sleeper->begun(streams[0]));
  ck_assert(all_owned(world, streams));
}
GST_END_TEST;

// A recorder that continues as soon as its lease is over lets others have its streams.
GST_START_TEST(test_wakes_early) {
  for (unsigned seed = 1; seed <= 20; seed++) {
    World world(seed, 2);
    world.run(1000);
    const std::string stream = announce_some(&world, 1)[0];
    world.run(2000);
    Node *sleeper = world.owner(stream);
    sleeper->sleep(11200);
    expect_at_most(world.time_until([&] { return !sleeper->begun(stream); }, 15000), 11500);
    expect_at_most(world.time_until([&] { return world.owners(stream) == 1; }, 15000), 3500);
    ck_assert_msg(world.owner(stream) != sleeper, "seed %u", seed);
  }
}
GST_END_TEST;

// Cut off from the store, an owner stops by itself before another begins.
GST_START_TEST(test_cut_off) {
  World world(1, 2);
  world.run(1000);
  const auto streams = announce_some(&world, 4);
  world.run(2000);
  Node *owner = world.owner(streams[0]);
  owner->mute = true;
  owner->set_cut(true);
  expect_at_most(world.time_until([&] { return !owner->begun(streams[0]); }, 20000), 11200);
  ck_assert_uint_eq(world.owners(streams[0]), 0);
  expect_at_most(world.time_until([&] { return world.owners(streams[0]) == 1; }, 20000), 6000);
  owner->mute = false;
  owner->set_cut(false);
  world.run(20000);
  ck_assert(all_owned(world, streams));
}
GST_END_TEST;

// Without a store all goes on, for nobody can take anything; and after it, too.
GST_START_TEST(test_no_store) {
  World world(1, 3);
  world.run(1000);
  const auto streams = announce_some(&world, 6);
  world.run(2000);
  Node *owner = world.owner(streams[0]), *dead = nullptr;
  world.set_gone(true);
  world.run(60000);
  ck_assert(all_owned(world, streams));
  for (unsigned i = 0; i < 3; i++)
    if (world.nodes[i] != owner && !dead) {
      dead = world.nodes[i];
      world.kill(i);
    }
  world.run(20000);
  ck_assert(world.owner(streams[0]) == owner);
  world.set_gone(false);
  // What the dead one had is taken over when all the others have had their time: from the next
  // renewal on, which waits for the last one in vain.
  constexpr int64_t kNext_ms = 2500, kTurns_ms = 1100;
  expect_at_most(world.time_until([&] { return all_owned(world, streams); }, 30000),
                 kNext_ms + kExpiry_ms + kTurns_ms);
  ck_assert(world.owner(streams[0]) == owner && owner->lost_times == 0);
}
GST_END_TEST;

// The store is refused to one recorder alone: others take its streams, and the service ends its
// connections then. It gives them up, instead of taking them back.
GST_START_TEST(test_no_store_here) {
  World world(1, 2);
  world.run(1000);
  const auto streams = announce_some(&world, 4);
  world.run(2000);
  Node *owner = world.owner(streams[0]);
  world.set_gone(true);
  world.run(60000);
  ck_assert_uint_eq(owner->lost_times, 0);
  owner->ownership->set_capacity({0, 100, 0, true, true});
  world.run(1000);
  ck_assert_uint_eq(owner->lost_times, 1);
  ck_assert(world.owner(streams[0]) == nullptr);
  world.set_gone(false);
  owner->ownership->set_capacity({});
  world.run(30000);
  ck_assert(all_owned(world, streams));
  // While the store is there, there is nothing to doubt.
  owner->ownership->set_capacity({0, 100, 0, true, true});
  world.run(1000);
  ck_assert_uint_eq(owner->lost_times, 1);
}
GST_END_TEST;

// Nobody but this recorder is there: it has its streams back.
GST_START_TEST(test_alone) {
  World world(1, 1);
  world.run(1000);
  const auto streams = announce_some(&world, 2);
  world.run(1000);
  ck_assert(all_owned(world, streams));
  world.nodes[0]->sleep(12000);
  world.run(12500);
  ck_assert_uint_eq(world.owners(streams[0]), 0);
  world.run(20000);
  ck_assert(all_owned(world, streams));
  ck_assert_uint_eq(world.nodes[0]->lost_times, 1);
}
GST_END_TEST;

// An ended stream is nobody's until it is announced again.
GST_START_TEST(test_ended) {
  World world(1, 2);
  world.run(1000);
  const auto streams = announce_some(&world, 1);
  world.run(1000);
  world.owner(streams[0])->end(streams[0], Closed::Ended);
  world.run(1000);
  // Whoever starts now gets to know all webhooks anew.
  world.start(2);
  world.run(60000);
  ck_assert_uint_eq(world.owners(streams[0]), 0);
  world.announce(streams[0]);
  world.run(1000);
  ck_assert_uint_eq(world.owners(streams[0]), 1);
  ck_assert_uint_eq(world.owner(streams[0])->ownership->claims().all()[streams[0]].part, 1);
  // It ends while nobody has it.
  world.withdraw(streams[0], "{}");
  for (unsigned i = 0; i < 3; i++)
    if (world.nodes[i]->begun(streams[0]))
      world.kill(i);
  world.run(60000);
  ck_assert_uint_eq(world.owners(streams[0]), 0);
}
GST_END_TEST;

// The service repeats the announcement of a server that was left: who takes the stream over goes to
// the newest one.
GST_START_TEST(test_older) {
  World world(1, 3);
  world.run(1000);
  for (const char *time : {"2000", "1000"}) {
    world.announce("s", webhook("started", time));
    world.run(1000);
  }
  for (unsigned i = 0; i < 3; i++)
    if (world.nodes[i]->begun("s")) {
      world.kill(i);
      break;
    }
  expect_at_most(world.time_until([&] { return world.owners("s") == 1; }, 30000), 15000);
  const std::string newest = webhook("started", "2000"),
                    taken = world.owner("s")->ownership->claims().all()["s"].webhook;
  ck_assert_str_eq(taken.c_str(), newest.c_str());
}
GST_END_TEST;

// The service repeats an end for minutes: it may come when the stream was announced again.
GST_START_TEST(test_earlier_end) {
  World world(1, 2);
  world.run(1000);
  world.announce("s", webhook("started", "1738392033699"));
  world.run(1000);
  world.withdraw("s", webhook("stopped", "1738392031699"));
  for (unsigned i = 0; i < 2; i++)
    if (world.nodes[i]->begun("s")) {
      world.kill(i);
      break;
    }
  expect_at_most(world.time_until([&] { return world.owners("s") == 1; }, 30000), 15000);
}
GST_END_TEST;

// The service's webhooks overtake each other: nobody begins what has ended, whoever recorded it.
GST_START_TEST(test_late_start) {
  constexpr char kEarly[] = "1738392031699", kEnd[] = "1738392033699", kLater[] = "1738392034699";
  World world(1, 3);
  world.run(1000);
  world.withdraw("s", webhook("stopped", kEnd));
  world.run(1000);
  world.announce("s", webhook("started", kEarly));
  world.run(5000);
  for (Node *node : world.nodes) {
    ck_assert_uint_eq(node->begun_times, 0);
    ck_assert_uint_eq(node->ownership->claims().waiting(), 0);
  }
  // The same id, again.
  world.announce("s", webhook("started", kLater));
  world.run(1000);
  ck_assert_uint_eq(world.owners("s"), 1);
  world.withdraw("s", webhook("stopped", "1738392035699"));
  world.owner("s")->end("s", Closed::Ended);
  world.run(1000);
  world.announce("s", webhook("started", kEarly));
  world.run(5000);
  ck_assert_uint_eq(world.owners("s"), 0);
}
GST_END_TEST;

// No disk takes another folder: the stream passes from one to the other as long as the service
// waits, and then somebody says so.
GST_START_TEST(test_no_folder) {
  World world(1, 3);
  const auto begun = [&] {
    unsigned all = 0;
    for (Node *node : world.nodes)
      all += node->begun_times;
    return all;
  };
  const auto missed = [&] {
    return std::all_of(world.nodes.begin(), world.nodes.end(),
                       [](const Node *node) { return node->missed_streams.count("stream") > 0; });
  };
  world.run(1000);
  for (Node *node : world.nodes)
    node->no_folder = true;
  world.announce("stream");
  world.run(60000);
  ck_assert(!missed());
  for (Node *node : world.nodes)
    ck_assert_uint_ge(node->begun_times, 1);
  expect_at_most(world.time_until(missed, 60000), 8000);
  const unsigned before = begun();
  world.run(60000);
  ck_assert_uint_eq(begun(), before);
  // The service announces it again, and there is room: whoever takes over later has his time again.
  world.nodes[0]->no_folder = false;
  world.announce("stream");
  expect_at_most(world.time_until([&] { return world.nodes[0]->begun("stream"); }, 60000), 10000);
  world.run(60000);
  world.kill(0);
  world.run(50000);
  world.nodes[1]->no_folder = false;
  expect_at_most(world.time_until([&] { return world.owners("stream") == 1; }, 60000), 10000);
}
GST_END_TEST;

// The servers elect a leader, and answer nothing meanwhile: a lease outlives that, whenever it
// begins.
GST_START_TEST(test_no_leader) {
  constexpr int64_t kElection_ms = 8300;
  for (int64_t later = 0; later < kRenew_ms; later += kTick_ms) {
    World world(1, 2);
    world.run(2000 + later);
    for (bool mute : {true, false}) {
      for (Node *node : world.nodes)
        node->mute = mute;
      world.run(kElection_ms);
    }
    for (Node *node : world.nodes)
      ck_assert_msg(node->lost_times == 0, "%d ms later", static_cast<int>(later));
  }
}
GST_END_TEST;

// Of renewals that follow the same revision, one is valid: it may be the oldest, whose answer comes
// last or never.
GST_START_TEST(test_renewals) {
  struct Written : Writes {
    std::vector<Write> all;
    void write(const Write &write) override { all.push_back(write); }
  };
  constexpr int64_t kLate_ms = 8000;
  const auto sent_until = [](Lease *lease, int64_t end) {
    for (int64_t now = 0; now <= end; now += kTick_ms)
      lease->tick(now, {});
  };
  for (int which = 0; which < 3; which++) {
    uint64_t tickets = 0;
    Written written;
    Lease lease("id", &tickets, &written);
    sent_until(&lease, kLate_ms);
    const auto all = written.all;
    ck_assert_uint_ge(all.size(), kLate_ms / 500);
    for (const Write &write : all)
      ck_assert_uint_eq(write.last, 0);
    const Write first = all.front(), last = all.back();
    if (which == 0)
      lease.acknowledged(first, 1, kLate_ms);
    else if (which == 1)
      lease.seen(1, std::get<LeaseRecord>(first.record));
    lease.acknowledged(last, 20, kLate_ms);
    ck_assert_int_eq(lease.until(), kHold_ms);
    // Which is soon: another one follows at once, and none after that for a while.
    lease.tick(kLate_ms + kTick_ms, {});
    ck_assert_uint_eq(written.all.size(), all.size() + 1);
    lease.acknowledged(written.all.back(), 21, kLate_ms + kTick_ms);
    ck_assert_int_eq(lease.until(), kLate_ms + kTick_ms + kHold_ms);
    lease.tick(kLate_ms + kRenew_ms, {});
    ck_assert_uint_eq(written.all.size(), all.size() + 1);
  }
}
GST_END_TEST;

// However often it is handed over, somebody takes it, and not at once who has just let it go; but
// nobody takes what so many have died with.
GST_START_TEST(test_handed_over) {
  constexpr unsigned kOften = 40;
  World world(1, 2);
  world.run(1000);
  const auto streams = announce_some(&world, 1);
  world.run(1000);
  for (unsigned i = 0; i < kOften; i++) {
    Node *owner = world.owner(streams[0]);
    ck_assert_msg(owner, "nobody takes it after %u times", i);
    owner->end(streams[0], Closed::Released);
    world.run(2000);
    ck_assert(world.owner(streams[0]) != owner);
  }
  for (unsigned i = 0; i < kOften && world.owner(streams[0]); i++) {
    const unsigned number = world.owner(streams[0]) == world.nodes[0] ? 0 : 1;
    world.kill(number);
    world.start(number);
    world.run(16000);
  }
  ck_assert_uint_eq(world.owners(streams[0]), 0);
}
GST_END_TEST;

static Suite *ownership_suite() {
  Suite *suite = suite_create("ownership");
  TCase *cases = tcase_create("cases");
  tcase_add_test(cases, test_spread);
  tcase_add_test(cases, test_no_room);
  tcase_add_test(cases, test_forgotten);
  tcase_add_test(cases, test_takeover);
  tcase_add_test(cases, test_store_anew);
  tcase_add_test(cases, test_failures);
  tcase_add_test(cases, test_unreached);
  tcase_add_test(cases, test_sleeps);
  tcase_add_test(cases, test_wakes_early);
  tcase_add_test(cases, test_cut_off);
  tcase_add_test(cases, test_no_store);
  tcase_add_test(cases, test_no_store_here);
  tcase_add_test(cases, test_alone);
  tcase_add_test(cases, test_ended);
  tcase_add_test(cases, test_older);
  tcase_add_test(cases, test_earlier_end);
  tcase_add_test(cases, test_late_start);
  tcase_add_test(cases, test_no_folder);
  tcase_add_test(cases, test_no_leader);
  tcase_add_test(cases, test_renewals);
  tcase_add_test(cases, test_handed_over);
  suite_add_tcase(suite, cases);
  return suite;
}

GST_CHECK_MAIN(ownership)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose a stream is, with a store, recorders and a clock that are all simulated: recorders die,
// sleep, are cut off, and writes are late, lost, or done without an answer.
#include "gst_check.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/fold.h"
#include "cluster/ownership.h"

namespace {

using namespace rtms::recorder;
using State = ClaimRecord::State;

constexpr int64_t kTick_ms = 100, kPatience_ms = 2000;

// Events in the order of their times.
class Clock {
 public:
  int64_t now() const { return now_; }
  void at(int64_t when, std::function<void()> fn) {
    events_.emplace(std::make_pair(std::max(when, now_), count_++), std::move(fn));
  }
  void in(int64_t delay, std::function<void()> fn) { at(now_ + delay, std::move(fn)); }
  void run_until(int64_t end) {
    while (!events_.empty() && events_.begin()->first.first <= end) {
      auto event = events_.extract(events_.begin());
      now_ = event.key().first;
      event.mapped()();
    }
    now_ = end;
  }

 private:
  int64_t now_ = 1000000;
  uint64_t count_ = 0;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> events_;
};

// One order of all writes.
struct Store {
  struct Entry {
    uint64_t place = 0;
    std::string key;
    Write write;
    const void *writer = nullptr;
  };
  std::vector<Entry> log;
  bool gone = false;
  std::function<void(const Entry &)> changed;

  uint64_t write(const void *writer, const Write &write) {
    const bool claim = std::holds_alternative<ClaimRecord>(write.record);
    log.push_back({log.size() + 1, (claim ? "claim " : "lease ") + write.id, write, writer});
    // The log may grow meanwhile.
    const Entry entry = log.back();
    changed(entry);
    return entry.place;
  }
};

class World;

// A recorder: what it has begun it sends to until it is told to stop, or its lease runs out.
class Node final : private Writes, private OwnershipEvents {
 public:
  Node(World *world, unsigned number, unsigned life);

  void tick();
  void deliver(const Store::Entry &entry);
  bool sends(const std::string &stream) const;
  bool begun(const std::string &stream) const { return begun_.count(stream) > 0; }
  void end(const std::string &stream, State state);
  void sleep(int64_t ms);
  // From the store, in one direction or both.
  void set_cut(bool is_cut);

  std::unique_ptr<Ownership> ownership;
  bool asleep = false, alive = true;
  bool cut = false, mute = false;  // half of what is written is done all the same, or nothing
  unsigned lost_times = 0, begun_times = 0;
  std::set<std::string> missed_streams;

 private:
  void write(const Write &write) override;
  void begin(const ClaimRecord &claim) override;
  void stop(const std::string &stream) override;
  void missed(const std::string &stream) override { missed_streams.insert(stream); }
  void lost() override { lost_times++; }
  // Runs when it is awake, in order.
  void handle(std::function<void()> fn);
  int64_t clock() const;
  void catch_up();
  void take(const Store::Entry &entry);

  World *const world_;
  const int64_t clock_offset_;
  int64_t until_ = 0;  // what its connections know
  std::set<std::string> begun_;
  std::deque<std::function<void()>> held_back_;
  std::deque<Store::Entry> cut_off_;
  Fold fold_;
  std::map<uint64_t, std::function<void(Written, uint64_t)>> asked_;  // by ticket
  friend class World;
};

class World {
 public:
  explicit World(unsigned seed, unsigned count, unsigned room = 100) : random(seed), room_(room) {
    store.changed = [this](const Store::Entry &entry) {
      for (auto &node : all)
        node->deliver(entry);
    };
    for (unsigned i = 0; i < count; i++)
      start(i);
  }

  void start(unsigned number) {
    // The old ones stay, dead: events may still name them.
    all.push_back(std::make_shared<Node>(this, number, ++lives));
    Node *node = all.back().get();
    if (nodes.size() <= number)
      nodes.resize(number + 1);
    nodes[number] = node;
    node->ownership->set_capacity({0, room_, 0, true});
    for (const Store::Entry &entry : store.log)
      node->deliver(entry);
    for (const auto &[stream, place] : announced)
      node->ownership->announce(stream, place, "webhook", clock.now());
    ticks(node);
  }
  void ticks(Node *node) {
    if (!node->alive)
      return;
    node->tick();
    clock.in(kTick_ms, [this, node] { ticks(node); });
  }
  void kill(unsigned number) {
    nodes[number]->alive = false;
    nodes[number]->begun_.clear();
  }
  void announce(const std::string &stream) {
    announced[stream] = ++webhooks;
    for (Node *node : nodes)
      if (node->alive)
        node->handle([this, node, stream] {
          node->ownership->announce(stream, announced[stream], "webhook", node->clock());
        });
  }
  // What must never be.
  void check_senders() const {
    for (const auto &[stream, place] : announced) {
      unsigned sending = 0;
      for (Node *node : nodes)
        sending += node->sends(stream);
      ck_assert_msg(sending <= 1, "seed %u: %u send to %s at %d ms", seed_, sending, stream.c_str(),
                    static_cast<int>(clock.now()));
    }
  }
  void check(const std::string &stream) const {
    check_senders();
    unsigned begun = 0;
    for (Node *node : nodes)
      begun += node->alive && !node->asleep && node->begun(stream);
    ck_assert_msg(begun <= 1, "seed %u: %u have begun %s at %d ms", seed_, begun, stream.c_str(),
                  static_cast<int>(clock.now()));
  }
  void check_all() const {
    for (const auto &[stream, place] : announced)
      check(stream);
  }
  unsigned owners(const std::string &stream) const {
    unsigned found = 0;
    for (Node *node : nodes)
      found += node->alive && node->begun(stream);
    return found;
  }
  Node *owner(const std::string &stream) const {
    for (Node *node : nodes)
      if (node->alive && node->begun(stream))
        return node;
    return nullptr;
  }
  int64_t chance(int64_t top) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(top + 1));
  }
  void run(int64_t ms) { clock.run_until(clock.now() + ms); }
  // How long it takes until it holds.
  void set_gone(bool gone) {
    store.gone = gone;
    gone_since = clock.now();
  }
  int64_t time_until(const std::function<bool()> &holds, int64_t limit) {
    const int64_t start = clock.now();
    while (!holds() && clock.now() - start < limit)
      run(10);
    return clock.now() - start;
  }

  Clock clock;
  Store store;
  std::mt19937 random;
  const unsigned room_;
  unsigned seed_ = 0, lives = 0;
  uint64_t webhooks = 0;
  bool troubled = false;  // writes are late or lost
  int64_t gone_since = 0;
  std::map<std::string, uint64_t> announced;
  std::vector<std::shared_ptr<Node>> all;
  std::vector<Node *> nodes;
};

Node::Node(World *world, unsigned number, unsigned life)
    : world_(world), clock_offset_(world->chance(1 << 30)) {
  const auto ids = std::make_shared<unsigned>(0);
  const std::string name = std::to_string(number), prefix = name + "." + std::to_string(life) + ".";
  ownership = std::make_unique<Ownership>(
      name, [ids, prefix] { return prefix + std::to_string(++*ids); }, static_cast<Writes *>(this),
      static_cast<OwnershipEvents *>(this));
}

// No two machines' clocks have to do with each other.
int64_t Node::clock() const {
  return world_->clock.now() + clock_offset_;
}

void Node::handle(std::function<void()> fn) {
  if (asleep)
    held_back_.push_back(std::move(fn));
  else if (alive)
    fn();
}

void Node::tick() {
  if (asleep)
    return;
  ownership->tick(clock());
  // Whoever asks finds that nobody is there.
  if (world_->store.gone && !cut && world_->clock.now() - world_->gone_since > 4000)
    ownership->no_store(clock());
  until_ = ownership->until();
}

void Node::sleep(int64_t ms) {
  if (asleep)
    return;
  asleep = true;
  world_->clock.in(ms, [this] {
    asleep = false;
    if (!alive)
      return;
    world_->check_senders();
    // It looks at the clock before anything else.
    tick();
    for (auto fn = std::exchange(held_back_, {}); !fn.empty(); fn.pop_front())
      handle(std::move(fn.front()));
  });
}

void Node::deliver(const Store::Entry &entry) {
  if (!alive)
    return;
  // In order, and later.
  cut_off_.push_back(entry);
  const int64_t delay = world_->troubled ? world_->chance(300) : 5;
  world_->clock.in(delay, [this] {
    if (!cut)
      catch_up();
  });
}

void Node::set_cut(bool is_cut) {
  cut = is_cut;
  if (!cut)
    catch_up();
}

void Node::catch_up() {
  for (; !cut_off_.empty(); cut_off_.pop_front())
    handle([this, entry = cut_off_.front()] { take(entry); });
}

void Node::take(const Store::Entry &entry) {
  const Write &write = entry.write;
  const bool counts = fold_.take(entry.key, entry.place, write.last);
  if (counts)
    ownership->seen(write.id, entry.place, write.record, clock());
  const auto asked = asked_.find(write.ticket);
  if (entry.writer != this || asked == asked_.end())
    return;
  const auto answer = asked->second;
  answer(counts ? Written::Done : Written::Refused, entry.place);
}

void Node::write(const Write &write) {
  World *world = world_;
  const auto answered = std::make_shared<bool>(false), acknowledged = std::make_shared<bool>(false);
  const auto answer = [this, answered, write](Written outcome, uint64_t place) {
    if (std::exchange(*answered, true))
      return;
    asked_.erase(write.ticket);
    ownership->wrote(write, outcome, place, clock());
  };
  asked_[write.ticket] = answer;
  world->clock.in(kPatience_ms, [this, answer, acknowledged] {
    handle([answer, acknowledged] {
      if (!*acknowledged)
        answer(Written::Unknown, 0);
    });
  });
  const bool lease = std::holds_alternative<LeaseRecord>(write.record);
  // The write, or the answer, may be lost; the write may be done when nobody waits for it any more.
  const bool trouble = world->troubled && world->chance(9) == 0;
  const int64_t there = trouble ? world->chance(30000) : world->troubled ? world->chance(200) : 2;
  if (mute || (cut && world->chance(1)) || (trouble && world->chance(3) == 0))
    return;
  const bool deaf = cut || (trouble && world->chance(1));
  world->clock.in(there, [this, world, write, deaf, lease, acknowledged] {
    if (world->store.gone)
      return;
    const uint64_t place = world->store.write(this, write);
    if (deaf)
      return;
    world->clock.in(2, [this, write, place, lease, acknowledged] {
      handle([this, write, place, lease, acknowledged] {
        *acknowledged = true;
        // Whether it counts is known from the order, but for the own lease.
        if (lease && write.id == ownership->id())
          ownership->acknowledged(write, place, clock());
      });
    });
  });
}

bool Node::sends(const std::string &stream) const {
  return alive && !asleep && begun(stream) && clock() < until_;
}

void Node::begin(const ClaimRecord &claim) {
  begun_times++;
  until_ = ownership->until();
  ck_assert_msg(begun_.insert(claim.stream).second, "begun twice");
  world_->check(claim.stream);
}

// The connections are closed at once, the files later.
void Node::stop(const std::string &stream) {
  ck_assert_msg(begun_.erase(stream), "stopped what has not begun");
  world_->clock.in(world_->chance(2000), [this, stream] {
    handle([this, stream] { ownership->closed(stream, State::Free); });
  });
}

void Node::end(const std::string &stream, State state) {
  begun_.erase(stream);
  ownership->closed(stream, state);
}

std::vector<std::string> announce_some(World *world, unsigned count) {
  std::vector<std::string> streams;
  for (unsigned i = 0; i < count; i++) {
    streams.push_back("stream " + std::to_string(i));
    world->announce(streams.back());
  }
  return streams;
}

bool all_owned(const World &world, const std::vector<std::string> &streams) {
  for (const std::string &stream : streams)
    if (world.owners(stream) != 1)
      return false;
  return true;
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
  world.owner(has)->end(has, State::Ended);
  expect_at_most(
      world.time_until([&] { return world.nodes[0]->ownership->claims().waiting() == 1; }, 5000),
      2000);
  world.run(70000);
  for (Node *node : world.nodes)
    ck_assert_uint_eq(node->missed_streams.size(), 1);
  ck_assert_uint_eq(world.owners(has), 0);
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
  leaves->end(streams[0], State::Free);
  expect_at_most(world.time_until([&] { return world.owners(streams[0]) == 1; }, 5000), 1000);
  ck_assert(world.owner(streams[0]) != leaves);
  const ClaimRecord after = world.owner(streams[0])->ownership->claims().all()[streams[0]];
  ck_assert_str_eq(after.recording.c_str(), before.recording.c_str());
  ck_assert_uint_eq(after.part, before.part + 1);
  ck_assert_str_eq(after.previous.c_str(), "before");
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
  world.owner(streams[0])->end(streams[0], State::Ended);
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
  for (Node *node : world.nodes)
    node->ownership->withdraw(streams[0], world.webhooks + 1);
  for (unsigned i = 0; i < 3; i++)
    if (world.nodes[i]->begun(streams[0]))
      world.kill(i);
  world.run(60000);
  ck_assert_uint_eq(world.owners(streams[0]), 0);
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
    owner->end(streams[0], State::Free);
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

// Whatever happens, in whatever order: never two owners, and in the end each stream has one.
static void run_at_random(unsigned seed) {
  constexpr unsigned kNodes = 3, kStreams = 6;
  constexpr int64_t kTrouble_ms = 180000, kSettle_ms = 50000;
  World world(seed, kNodes);
  world.seed_ = seed;
  world.run(1000);
  world.troubled = true;
  const auto streams = announce_some(&world, kStreams);
  const int64_t end = world.clock.now() + kTrouble_ms;
  while (world.clock.now() < end) {
    const auto number = static_cast<unsigned>(world.chance(kNodes - 1));
    Node *node = world.nodes[number];
    switch (world.chance(9)) {
      case 0:
        node->sleep(world.chance(25000));
        break;
      case 1:
        node->set_cut(!node->cut);
        break;
      case 2:
        if (world.chance(2) == 0) {
          world.kill(number);
          world.start(number);
        }
        break;
      case 3:
        for (const std::string &stream : streams)
          if (!node->asleep && node->begun(stream) && world.chance(1))
            node->end(stream, State::Free);
        break;
      case 5:
        if (world.chance(3) == 0 || world.store.gone)
          world.set_gone(!world.store.gone);
        break;
      case 4:
        for (Node *one : world.nodes)
          one->set_cut(false);
        break;
      default:
        break;
    }
    world.run(world.chance(4000));
    world.check_all();
  }
  world.troubled = false;
  world.set_gone(false);
  for (Node *node : world.nodes)
    node->set_cut(false);
  const auto stable = [&] { return all_owned(world, streams); };
  world.run(kSettle_ms);
  ck_assert_msg(stable(), "seed %u: not all are owned in the end", seed);
  world.run(kSettle_ms);
  ck_assert_msg(stable(), "seed %u: not stable", seed);
}

GST_START_TEST(test_random) {
  constexpr unsigned kSeeds = 20;
  for (unsigned i = 0; i < kSeeds; i++)
    run_at_random(static_cast<unsigned>(__i__) * kSeeds + i + 1);
}
GST_END_TEST;

static Suite *ownership_suite() {
  constexpr int kTimes = 20;
  Suite *suite = suite_create("ownership");
  TCase *cases = tcase_create("cases");
  tcase_add_test(cases, test_spread);
  tcase_add_test(cases, test_no_room);
  tcase_add_test(cases, test_takeover);
  tcase_add_test(cases, test_sleeps);
  tcase_add_test(cases, test_cut_off);
  tcase_add_test(cases, test_no_store);
  tcase_add_test(cases, test_alone);
  tcase_add_test(cases, test_ended);
  tcase_add_test(cases, test_handed_over);
  tcase_add_loop_test(cases, test_random, 0, kTimes);
  suite_add_tcase(suite, cases);
  return suite;
}

GST_CHECK_MAIN(ownership)

// SPDX-License-Identifier: LGPL-2.1-or-later
// A cluster of recorders with a store and a clock that are all simulated: recorders die, sleep, are
// cut off, and writes are late, lost, or done without an answer.
#pragma once

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

#include "cluster/ownership.h"

namespace rtmscheck {

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
  void end(const std::string &stream, Closed why);
  void sleep(int64_t ms);
  // From the store, in one direction or both.
  void set_cut(bool is_cut);
  // Notices that the store began anew.
  void begin_anew();

  std::unique_ptr<Ownership> ownership;
  bool asleep = false, alive = true;
  bool forgotten = false;          // reads nothing, because the store began anew
  bool cut = false, mute = false;  // half of what is written is done all the same, or nothing
  bool no_folder = false;          // its disk takes no further one
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
  void announce(const std::string &stream, const std::string &webhook = "webhook") {
    announced[stream] = ++webhooks;
    for (Node *node : nodes)
      if (node->alive)
        node->handle([this, node, stream, webhook] {
          node->ownership->announce(stream, announced[stream], webhook, node->clock());
        });
  }
  // The service says that it has ended.
  void withdraw(const std::string &stream, const std::string &webhook) {
    const uint64_t place = ++webhooks;
    for (Node *node : nodes)
      if (node->alive)
        node->handle([node, stream, place, webhook] {
          node->ownership->withdraw(stream, place, webhook, node->clock());
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
  // The store has lost everything. Each node notices for itself.
  void lose_store() {
    store.log.clear();
    webhooks = 0;
    announced.clear();
    for (Node *node : nodes) {
      node->forgotten = true;
      clock.in(chance(3000), [node] { node->handle([node] { node->begin_anew(); }); });
    }
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

// Announces that many streams, and returns their names.
std::vector<std::string> announce_some(World *world, unsigned count);
// Whether each stream has one owner.
bool all_owned(const World &world, const std::vector<std::string> &streams);

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusterworld.h"

#include <algorithm>

namespace rtmscheck {

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
  if (!alive || forgotten)
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

void Node::begin_anew() {
  forgotten = false;
  cut_off_.clear();
  fold_ = Fold();
  ownership->store_anew(clock());
  for (const Store::Entry &entry : world_->store.log)
    deliver(entry);
}

void Node::catch_up() {
  for (; !cut_off_.empty(); cut_off_.pop_front())
    handle([this, entry = cut_off_.front()] { take(entry); });
}

void Node::take(const Store::Entry &entry) {
  const Write &write = entry.write;
  const bool counts = fold_.take(entry.key, entry.place, write.last, clock());
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
  // The folder is made on another thread.
  world_->clock.in(1, [this, stream = claim.stream] {
    handle([this, stream] {
      if (!begun(stream))
        return;
      if (no_folder)
        return end(stream, Closed::Released);
      ownership->update(stream, [](ClaimRecord *changed) { changed->folder = "folder"; });
    });
  });
}

// The connections are closed at once, the files later.
void Node::stop(const std::string &stream) {
  ck_assert_msg(begun_.erase(stream), "stopped what has not begun");
  world_->clock.in(world_->chance(2000), [this, stream] {
    handle([this, stream] { ownership->closed(stream, Closed::Released); });
  });
}

void Node::end(const std::string &stream, Closed why) {
  begun_.erase(stream);
  ownership->closed(stream, why);
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

}  // namespace rtmscheck

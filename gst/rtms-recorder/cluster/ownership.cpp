// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ownership.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

// Each recorder with more room delays this one by a step.
constexpr int64_t kStep_ms = 150, kMostDelay_ms = 900;
constexpr double kBusy = 0.75;  // processors

double fullness(unsigned owned, const LeaseRecord &record) {
  return static_cast<double>(owned) / std::max(record.most, 1u) + (record.load > kBusy ? 1 : 0);
}

// Distributes streams among recorders with equal room.
size_t lot(const std::string &stream, const std::string &lease) {
  return std::hash<std::string>()(stream + lease);
}

}  // namespace

Ownership::Ownership(std::string name, std::function<std::string()> fresh_id, Writes *writes,
                     OwnershipEvents *events)
    : name_(std::move(name)),
      fresh_id_(std::move(fresh_id)),
      writes_(writes),
      events_(events),
      lease_(std::make_unique<Lease>(fresh_id_(), &tickets_, writes)),
      peers_(&tickets_, writes),
      claims_(&tickets_, writes, static_cast<Claims::Leases *>(this), events) {}

// Checks first whether the lease is lost: the process may have slept.
void Ownership::tick(int64_t now) {
  now_ = now;
  if (over_)
    return;
  if (lease_->lost(now)) {
    // The old lease expires like those of other recorders: a renewal may still arrive.
    LeaseRecord old = state();
    old.alive = !lease_->over();
    peers_.seen(lease_->id(), lease_->revision(), old, now);
    lease_ = std::make_unique<Lease>(fresh_id_(), &tickets_, writes_);
    // First: all connections are closed at once.
    events_->lost();
    claims_.stop_all(now);
  }
  lease_->tick(now, state());
  if (now - lease_->blind_since() > kBlind_ms)
    peers_.count_anew(now);
  peers_.tick(now);
  claims_.tick(now);
}

void Ownership::announce(const std::string &stream, uint64_t place, const std::string &webhook,
                         int64_t now) {
  now_ = now;
  claims_.announce(stream, {place, webhook, now}, now);
}

void Ownership::withdraw(const std::string &stream, uint64_t place, const std::string &webhook,
                         int64_t now) {
  now_ = now;
  claims_.withdraw(stream, place, webhook, now);
}

void Ownership::seen(const std::string &id, uint64_t revision, const Record &record, int64_t now) {
  now_ = now;
  if (auto claim = std::get_if<ClaimRecord>(&record)) {
    if (claim->state == ClaimRecord::State::Owned && claim->owner != own())
      peers_.expect(claim->owner, now);
    claims_.seen(revision, *claim, now);
    return;
  }
  const auto &lease = std::get<LeaseRecord>(record);
  if (id == own())
    lease_->seen(revision, lease);
  else
    peers_.seen(id, revision, lease, now);
}

void Ownership::wrote(const Write &write, Written outcome, uint64_t revision, int64_t now) {
  if (outcome == Written::Done)
    seen(write.id, revision, write.record, now);
  if (std::holds_alternative<ClaimRecord>(write.record))
    claims_.wrote(write, outcome, now);
  else if (write.id == own())
    lease_->wrote(write, outcome, now);
  else
    peers_.wrote(write, outcome, now);
}

void Ownership::acknowledged(const Write &write, uint64_t place, int64_t now) {
  if (write.id == own() && std::get<LeaseRecord>(write.record).alive)
    lease_->acknowledged(write, place, now);
}

// What this recorder owns it owns still: nobody else has a record of it.
void Ownership::store_anew(int64_t now) {
  now_ = now;
  lease_->store_anew();
  peers_.store_anew();
  claims_.store_anew(now);
}

void Ownership::set_capacity(const Capacity &capacity) {
  if (capacity.takes != capacity_.takes)
    lease_->hurry();
  capacity_ = capacity;
  if (capacity.kicked)
    lease_->doubt_no_store();
}

void Ownership::update(const std::string &stream,
                       const std::function<void(ClaimRecord *)> &change) {
  claims_.update(stream, change);
}

void Ownership::closed(const std::string &stream, Closed why) {
  claims_.closed(stream, why);
}

void Ownership::give_up() {
  over_ = true;
  lease_->give_up(state());
}

LeaseRecord Ownership::state() const {
  LeaseRecord record;
  record.name = name_;
  record.meetings = capacity_.meetings;
  record.most = capacity_.most;
  record.load = capacity_.load;
  record.takes = capacity_.takes;
  record.waiting = claims_.waiting();
  return record;
}

std::vector<Ownership::Member> Ownership::members() const {
  std::vector<Member> all{{id(), state(), claims_.owned_by(own())}};
  for (const auto &[id, peer] : peers_.all())
    if (peer.record.alive && peer.revision)
      all.push_back({id, peer.record, claims_.owned_by(id)});
  return all;
}

bool Ownership::may_begin() const {
  return !over_ && capacity_.takes && lease_->held(now_) && claims_.busy() < capacity_.most;
}

bool Ownership::dead(const std::string &owner) {
  if (owner == own())
    return false;
  peers_.expect(owner, now_);
  return peers_.dead(owner);
}

int64_t Ownership::delay(const std::string &stream) const {
  const auto rank = [&](const std::string &id, unsigned owned, const LeaseRecord &record) {
    return std::make_pair(fullness(owned, record), lot(stream, id));
  };
  const auto mine = rank(own(), claims_.busy(), state());
  int64_t delay = 0;
  for (const auto &[id, peer] : peers_.all())
    if (peer.record.alive && peer.record.takes && peer.revision &&
        claims_.owned_by(id) < peer.record.most &&
        rank(id, claims_.owned_by(id), peer.record) < mine)
      delay += kStep_ms;
  return std::min(delay, kMostDelay_ms);
}

std::map<std::string, std::string> owners(const Ownership &ownership) {
  std::map<std::string, std::string> names, all;
  for (const Ownership::Member &member : ownership.members())
    names[member.id] = member.record.name;
  for (const auto &[stream, claim] : ownership.claims().all())
    if (const auto name = names.find(claim.owner); name != names.end())
      all[stream] = name->second;
  return all;
}

}  // namespace rtms::recorder

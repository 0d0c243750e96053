// SPDX-License-Identifier: LGPL-2.1-or-later
#include "peers.h"

namespace rtms::recorder {
namespace {

constexpr int64_t kAgain_ms = 1000;
// The store expires ended leases after this time.
constexpr int64_t kRemembered_ms = 3600 * 1000;

}  // namespace

void Peers::expect(const std::string &id, int64_t now) {
  Peer fresh;
  fresh.since = now;
  peers_.try_emplace(id, fresh);
}

void Peers::seen(const std::string &id, uint64_t revision, const LeaseRecord &record, int64_t now) {
  Peer &peer = peers_[id];
  if (revision <= peer.revision)
    return;
  peer.revision = revision;
  peer.record = record;
  peer.since = now;
}

void Peers::wrote(const Write &write, Written outcome, int64_t now) {
  const auto found = peers_.find(write.id);
  if (found == peers_.end() || found->second.ticket != write.ticket)
    return;
  found->second.ticket = 0;
  if (outcome != Written::Done)
    found->second.next = now + kAgain_ms;
}

void Peers::count_anew(int64_t now) {
  for (auto &[id, peer] : peers_)
    if (peer.record.alive)
      peer.since = now;
}

void Peers::tick(int64_t now) {
  for (auto at = peers_.begin(); at != peers_.end();) {
    auto &[id, peer] = *at;
    if (!peer.record.alive && now - peer.since >= kRemembered_ms) {
      at = peers_.erase(at);
      continue;
    }
    if (peer.record.alive && now - peer.since >= kExpiry_ms && !peer.ticket && now >= peer.next) {
      LeaseRecord record = peer.record;
      record.alive = false;
      peer.ticket = ++*tickets_;
      writes_->write({peer.ticket, id, record, peer.revision});
    }
    ++at;
  }
}

bool Peers::dead(const std::string &id) const {
  const auto found = peers_.find(id);
  return found != peers_.end() && !found->second.record.alive;
}

}  // namespace rtms::recorder

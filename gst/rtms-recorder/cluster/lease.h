// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorder's own lease. Pure: times are arguments, in ms of a clock that includes the sleep of
// the machine and the process.
#pragma once

#include "records.h"

#include <algorithm>
#include <map>

namespace rtms::recorder {

// Other recorders measure from the time at which they see a renewal, the owner from before it sends
// one. So the owner stops at least kExpiry - kHold before another recorder begins.
constexpr int64_t kRenew_ms = 2000, kHold_ms = 11000, kExpiry_ms = 13000;
// A recorder without a successful renewal for this long cannot tell whether others can renew.
constexpr int64_t kBlind_ms = 4000;

class Lease {
 public:
  Lease(std::string id, uint64_t *tickets, Writes *writes)
      : id_(std::move(id)), tickets_(tickets), writes_(writes) {}

  const std::string &id() const { return id_; }
  // Writes a renewal with `state` when one is due.
  void tick(int64_t now, const LeaseRecord &state);
  // Makes the next tick() renew.
  void hurry() { next_ = 0; }
  // The store has no records any more.
  void store_anew();
  void wrote(const Write &write, Written outcome, int64_t now);
  void seen(uint64_t revision, const LeaseRecord &record);
  // A renewal was stored at `revision`; the order has not been read so far. While the lease is
  // held, no other recorder writes its record, so either this renewal is valid, or an earlier one
  // whose outcome is unknown.
  void acknowledged(const Write &write, uint64_t revision, int64_t now);
  // All servers refused connections at `now`: no recorder can have ended the lease, so it is
  // extended.
  void no_store(int64_t now);
  // Another recorder seems to have ended the lease: only this one was refused. Takes the extensions
  // back.
  void doubt_no_store() { until_ = std::min(until_, done_ + kHold_ms); }
  // Ends the lease, so that others need not wait for its expiry. No stream may be active.
  void give_up(const LeaseRecord &state);

  // When the last renewal that is known to be valid was sent.
  int64_t blind_since() const { return done_; }
  uint64_t revision() const { return revision_; }
  bool over() const { return over_; }
  bool held(int64_t now) const { return !over_ && now < until_; }
  int64_t until() const { return over_ ? 0 : until_; }
  // Whether the lease has ended, or has expired after it was held.
  bool lost(int64_t now) const { return over_ || (until_ && now >= until_); }

 private:
  const std::string id_;
  uint64_t *const tickets_;
  Writes *const writes_;
  // A renewal that was sent at that time is valid. The others that are on their way follow an older
  // revision: none of them is valid any more.
  void renewed(int64_t sent);

  // `ticket_`: of the last renewal, until one is known to be valid.
  uint64_t revision_ = 0, renewal_ = 0, ticket_ = 0;
  int64_t next_ = 0, again_ = 0, until_ = 0, done_ = 0;
  std::map<uint64_t, int64_t> sent_;  // by renewal; those that may be valid
  bool over_ = false;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorder's own lease. Pure: times are arguments, in ms of a clock that goes on while the
// machine or the process sleeps.
#pragma once

#include "records.h"

#include <map>

namespace rtms::recorder {

// Others count from when they see a renewal, the holder from before it was sent: the holder has
// stopped kExpiry - kHold before anybody else begins.
constexpr int64_t kRenew_ms = 2000, kHold_ms = 11000, kExpiry_ms = 13000;
// Whoever could not write for that long does not know whether others could.
constexpr int64_t kBlind_ms = 4000;

class Lease {
 public:
  Lease(std::string id, uint64_t *tickets, Writes *writes)
      : id_(std::move(id)), tickets_(tickets), writes_(writes) {}

  const std::string &id() const { return id_; }
  // Renews it when it is time, and tells others `state`.
  void tick(int64_t now, const LeaseRecord &state);
  // Others learn of `state` at once.
  void hurry() { next_ = 0; }
  void wrote(const Write &write, Written outcome, int64_t now);
  void seen(uint64_t revision, const LeaseRecord &record);
  // A renewal stands in the order, at that revision. Whether it counts will be seen; while the
  // lease is held, it does, or an earlier one of which nothing is known: nobody else writes yet.
  void acknowledged(const Write &write, uint64_t revision, int64_t now);
  // At `now` there was no store at all: all who count have counted in vain.
  void no_store(int64_t now);
  // Says that nobody needs to wait for its expiry: nothing of it goes on.
  void give_up(const LeaseRecord &state);

  // Since when no renewal is known to be done.
  int64_t blind_since() const { return done_; }
  uint64_t revision() const { return revision_; }
  bool over() const { return over_; }
  bool held(int64_t now) const { return !over_ && now < until_; }
  int64_t until() const { return over_ ? 0 : until_; }
  // It was held, and never will be again.
  bool lost(int64_t now) const { return over_ || (until_ && now >= until_); }

 private:
  const std::string id_;
  uint64_t *const tickets_;
  Writes *const writes_;
  uint64_t revision_ = 0, renewal_ = 0, ticket_ = 0;
  int64_t next_ = 0, until_ = 0, done_ = 0;
  std::map<uint64_t, int64_t> sent_;  // by renewal: those of which nothing is known yet
  bool over_ = false;
};

}  // namespace rtms::recorder

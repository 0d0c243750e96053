// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides which of the cluster's streams this recorder owns. Pure: times are arguments, in ms of a
// clock that includes the sleep of the machine and the process. Needs of the store: one order of
// all writes, each of which names the revision that it follows.
#pragma once

#include "claims.h"
#include "peers.h"

#include <memory>
#include <vector>

namespace rtms::recorder {

// The room of this recorder.
struct Capacity {
  unsigned meetings = 0, most = 100;
  double load = 0;
  bool takes = true;
  bool kicked = false;  // another client takes the connections of this recorder
};

struct OwnershipEvents : Claims::Events {
  // The lease was lost: no connection may be used any more. All streams are stopped next, because
  // other recorders may own them.
  virtual void lost() = 0;
};

class Ownership final : private Claims::Leases {
 public:
  Ownership(std::string name, std::function<std::string()> fresh_id, Writes *writes,
            OwnershipEvents *events);

  void tick(int64_t now);
  void announce(const std::string &stream, uint64_t place, const std::string &webhook, int64_t now);
  void withdraw(const std::string &stream, uint64_t place, const std::string &webhook, int64_t now);
  // A record of the store. One that is older than a known revision has no effect.
  void seen(const std::string &id, uint64_t revision, const Record &record, int64_t now);
  void wrote(const Write &write, Written outcome, uint64_t revision, int64_t now);
  // A write of the own lease was stored at `place`; the order has not been read so far.
  void acknowledged(const Write &write, uint64_t place, int64_t now);
  void no_store(int64_t now) { lease_->no_store(now); }
  // The store began anew, without any record.
  void store_anew(int64_t now);
  void set_capacity(const Capacity &capacity);

  void update(const std::string &stream, const std::function<void(ClaimRecord *)> &change);
  void closed(const std::string &stream, Closed why);
  // Ends the lease. No stream may be active.
  void give_up();

  // The time until which no other recorder can own this recorder's streams; 0: another may.
  int64_t until() const { return lease_->until(); }
  bool held() const { return lease_->held(now_); }
  const std::string &id() const { return lease_->id(); }
  // This recorder and the others that are alive. `owned`: the number of its streams.
  struct Member {
    std::string id;
    LeaseRecord record;
    unsigned owned = 0;
  };
  std::vector<Member> members() const;
  const Claims &claims() const { return claims_; }

 private:
  const std::string &own() const override { return lease_->id(); }
  bool may_begin() const override;
  bool dead(const std::string &owner) override;
  int64_t delay(const std::string &stream) const override;
  std::string fresh_id() override { return fresh_id_(); }

  LeaseRecord state() const;

  const std::string name_;
  const std::function<std::string()> fresh_id_;
  Writes *const writes_;
  OwnershipEvents *const events_;
  uint64_t tickets_ = 0;
  int64_t now_ = 0;
  bool over_ = false;
  Capacity capacity_;
  std::unique_ptr<Lease> lease_;
  Peers peers_;
  Claims claims_;
};

// Returns the owner's name by stream, for owners that are alive.
std::map<std::string, std::string> owners(const Ownership &ownership);

}  // namespace rtms::recorder

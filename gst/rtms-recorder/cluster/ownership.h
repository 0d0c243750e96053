// SPDX-License-Identifier: LGPL-2.1-or-later
// Which streams are this recorder's, of all that the recorders of a cluster share. Pure: times are
// arguments, in ms of a clock that goes on while the machine or the process sleeps. What the store
// of the records has to give: all writes in one order, of which each says what it follows.
#pragma once

#include "claims.h"
#include "peers.h"

#include <memory>
#include <vector>

namespace rtms::recorder {

// What this recorder can take.
struct Capacity {
  unsigned meetings = 0, most = 100;
  double load = 0;
  bool takes = true;
};

struct OwnershipEvents : Claims::Events {
  // All streams were stopped, for others may have them.
  virtual void lost() = 0;
};

class Ownership final : private Claims::Leases {
 public:
  Ownership(std::string name, std::function<std::string()> fresh_id, Writes *writes,
            OwnershipEvents *events);

  void tick(int64_t now);
  void announce(const std::string &stream, uint64_t place, const std::string &webhook, int64_t now);
  void withdraw(const std::string &stream, uint64_t place);
  // A record as the store has it, or had it: an older one changes nothing.
  void seen(const std::string &id, uint64_t revision, const Record &record, int64_t now);
  void wrote(const Write &write, Written outcome, uint64_t revision, int64_t now);
  // A write of the own lease has that place in the order, which has not been read so far; or there
  // is no store at all.
  void acknowledged(const Write &write, uint64_t place, int64_t now);
  void no_store(int64_t now) { lease_->no_store(now); }
  void set_capacity(const Capacity &capacity);

  void update(const std::string &stream, const std::function<void(ClaimRecord *)> &change);
  void closed(const std::string &stream, ClaimRecord::State state);
  // At the end, when no stream goes on here.
  void give_up();

  // Until when nobody else can have this recorder's streams; 0: somebody may.
  int64_t until() const { return lease_->until(); }
  bool held() const { return lease_->held(now_); }
  const std::string &id() const { return lease_->id(); }
  // This recorder, and all others that are alive, with how many streams each has.
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

// By stream: the name of the recorder that has it, if it is alive.
std::map<std::string, std::string> owners(const Ownership &ownership);

}  // namespace rtms::recorder

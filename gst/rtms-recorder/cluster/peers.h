// SPDX-License-Identifier: LGPL-2.1-or-later
// The leases of other recorders, and their expiry. Pure, as Lease.
#pragma once

#include "lease.h"

namespace rtms::recorder {

class Peers {
 public:
  struct Peer {
    LeaseRecord record;
    uint64_t revision = 0;
    int64_t since = 0;  // when the revision was first seen, on this machine's clock
    uint64_t ticket = 0;
    int64_t next = 0;
  };
  Peers(uint64_t *tickets, Writes *writes) : tickets_(tickets), writes_(writes) {}

  // Expects a lease that a claim names. It expires even if it never appears.
  void expect(const std::string &id, int64_t now);
  void seen(const std::string &id, uint64_t revision, const LeaseRecord &record, int64_t now);
  void wrote(const Write &write, Written outcome, int64_t now);
  // Restarts the expiry of all leases: this recorder could not see renewals.
  void count_anew(int64_t now);
  // The store has no records any more.
  void store_anew() { peers_.clear(); }
  // Ends expired leases. The write is valid only if no renewal precedes it.
  void tick(int64_t now);

  bool dead(const std::string &id) const;
  const std::map<std::string, Peer> &all() const { return peers_; }

 private:
  uint64_t *const tickets_;
  Writes *const writes_;
  std::map<std::string, Peer> peers_;
};

}  // namespace rtms::recorder

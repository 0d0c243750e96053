// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lease.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

// After a failed renewal, or one without an answer: the servers elect a leader within seconds, and
// what was sent meanwhile may be lost.
constexpr int64_t kAgain_ms = 500;
// Older renewals would not extend the lease.
constexpr size_t kMostSent = 100;

}  // namespace

void Lease::tick(int64_t now, const LeaseRecord &state) {
  if (over_ || now < (ticket_ ? again_ : next_))
    return;
  LeaseRecord record = state;
  record.alive = true;
  record.renewal = ++renewal_;
  sent_[renewal_] = now;
  if (sent_.size() > kMostSent)
    sent_.erase(sent_.begin());
  next_ = now + kRenew_ms;
  again_ = now + kAgain_ms;
  ticket_ = ++*tickets_;
  writes_->write({ticket_, id_, record, revision_});
}

void Lease::store_anew() {
  revision_ = ticket_ = 0;
  next_ = 0;
}

void Lease::wrote(const Write &write, Written outcome, int64_t now) {
  if (outcome == Written::Done)
    return;  // seen() has handled it
  if (write.ticket == ticket_) {
    ticket_ = 0;
    next_ = now + kAgain_ms;
  }
}

// A renewal with unknown outcome may still turn out to be valid.
void Lease::seen(uint64_t revision, const LeaseRecord &record) {
  if (!record.alive) {
    over_ = over_ || revision >= revision_;
    return;
  }
  revision_ = std::max(revision_, revision);
  const auto sent = sent_.find(record.renewal);
  if (sent == sent_.end())
    return;
  renewed(sent->second);
}

void Lease::renewed(int64_t sent) {
  done_ = std::max(done_, sent);
  until_ = std::max(until_, sent + kHold_ms);
  // At once, if it was sent long ago.
  next_ = std::min(next_, sent + kRenew_ms);
  ticket_ = 0;
  sent_.clear();
}

void Lease::acknowledged(const Write &write, uint64_t revision, int64_t now) {
  if (write.ticket == ticket_)
    ticket_ = 0;
  const auto sent = sent_.find(std::get<LeaseRecord>(write.record).renewal);
  if (over_ || sent == sent_.end() || (until_ && !held(now)))
    return;
  revision_ = std::max(revision_, revision);
  // The oldest that may be valid is over: a later renewal decides.
  if (sent_.begin()->second + kHold_ms > now)
    renewed(sent_.begin()->second);
}

void Lease::no_store(int64_t now) {
  if (held(now) && now - done_ > kBlind_ms)
    until_ = std::max(until_, now + kHold_ms);
}

void Lease::give_up(const LeaseRecord &state) {
  if (over_ || !until_)
    return;
  over_ = true;
  LeaseRecord record = state;
  record.alive = false;
  writes_->write({++*tickets_, id_, record, revision_});
}

}  // namespace rtms::recorder

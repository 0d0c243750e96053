// SPDX-License-Identifier: LGPL-2.1-or-later
// The claims of streams: which recorder owns each stream, and which streams this recorder claims.
// Pure, as Lease.
#pragma once

#include "records.h"

#include <functional>
#include <map>
#include <optional>

namespace rtms::recorder {

// A *.rtms_started webhook of a stream. `place` is its sequence number in the store.
struct Announced {
  uint64_t place = 0;
  std::string webhook;
  int64_t at = 0;
};

class Claims {
 public:
  // The leases, at the time of the current call.
  struct Leases {
    virtual ~Leases() = default;
    virtual const std::string &own() const = 0;
    virtual bool may_begin() const = 0;
    virtual bool dead(const std::string &owner) = 0;
    // The delay before claiming a stream, so that recorders with more room claim it first.
    virtual int64_t delay(const std::string &stream) const = 0;
    virtual std::string fresh_id() = 0;
  };
  struct Events {
    virtual ~Events() = default;
    // This recorder owns the stream, and must connect.
    virtual void begin(const ClaimRecord &claim) = 0;
    // The recorder no longer owns the stream, and must close its connections at once, then call
    // closed().
    virtual void stop(const std::string &stream) = 0;
    // No recorder had room for the stream.
    virtual void missed(const std::string &stream) = 0;
  };
  Claims(uint64_t *tickets, Writes *writes, Leases *leases, Events *events)
      : tickets_(tickets), writes_(writes), leases_(leases), events_(events) {}

  // An announcement that was delivered after the stream's end has no effect.
  void announce(const std::string &stream, const Announced &announced, int64_t now);
  // The webhook at `place` says that the stream has ended: no recorder needs to claim it.
  void withdraw(const std::string &stream, uint64_t place, const std::string &webhook, int64_t now);
  void seen(uint64_t revision, const ClaimRecord &record, int64_t now);
  void wrote(const Write &write, Written outcome, int64_t now);
  void tick(int64_t now);

  // Changes the claim of an owned stream. The store is updated later.
  void update(const std::string &stream, const std::function<void(ClaimRecord *)> &change);
  // The recorder has closed the stream. If it still owns the stream, the store gets to know why.
  void closed(const std::string &stream, Closed why);
  // Stops all owned streams, after the lease was lost. Others may claim them first.
  void stop_all(int64_t now);
  // The store has no records any more: the owned streams are written again.
  void store_anew(int64_t now);

  // The claim of an owned stream; else null.
  const ClaimRecord *own(const std::string &stream) const;
  // The number of streams that are owned, or being claimed or released.
  unsigned busy() const { return busy_; }
  unsigned owned_by(const std::string &owner) const;
  // The number of free streams, which any recorder may claim.
  unsigned waiting() const;
  std::map<std::string, ClaimRecord> all() const;

 private:
  // Lost: was Mine, and closed() is pending. Leaving: closed, and its release is not yet written.
  enum class Phase { Watching, Claiming, Mine, Lost, Leaving };
  struct Stream {
    Phase phase = Phase::Watching;
    ClaimRecord record;  // at `revision`; in Mine and Leaving, the next to be written
    uint64_t revision = 0;
    std::string owner;  // at `revision`
    std::optional<Announced> announced;
    uint64_t ended = 0;    // `place` of the last webhook that says so
    int64_t ended_ms = 0;  // event_ts of the newest one
    uint64_t ticket = 0;
    int64_t next = 0;         // no write before this time
    int64_t left_until = 0;   // no claim before this time
    int64_t free_since = -1;  // -1: it is not free
    // When it was free first since an owner had a folder for it, or died, or it was announced; or
    // -1.
    int64_t waits_since = -1;
    int64_t touched = 0, written = 0;
    bool changed = false, missed = false;

    // Announced again since it was recorded last.
    bool is_new() const { return announced && announced->place > record.announcement; }
    // Takes the new announcement into `to`.
    void renew(ClaimRecord *to) const;
  };
  void set_phase(Stream *stream, Phase phase);
  void set_owner(Stream *stream, const std::string &owner);
  bool is_free(const Stream &stream) const;
  void look(const std::string &id, Stream *stream, int64_t now);
  void watch(const std::string &id, Stream *stream, int64_t now);
  void claim(const std::string &id, Stream *stream, int64_t now);
  void send(const std::string &id, Stream *stream, const ClaimRecord &record, int64_t now);
  void taken(Stream *stream);
  ClaimRecord next_record(const std::string &id, const Stream &stream) const;
  bool is_over(const Stream &stream, int64_t now) const;

  uint64_t *const tickets_;
  Writes *const writes_;
  Leases *const leases_;
  Events *const events_;
  std::map<std::string, Stream> streams_;
  std::map<std::string, unsigned> owned_;
  unsigned busy_ = 0;
};

}  // namespace rtms::recorder

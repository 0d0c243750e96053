// SPDX-License-Identifier: LGPL-2.1-or-later
// The streams of the cluster: whose they are, and which this recorder takes. Pure, as Lease.
#pragma once

#include "records.h"

#include <functional>
#include <map>
#include <optional>

namespace rtms::recorder {

// A *.rtms_started of a stream, and its place among all webhooks.
struct Announced {
  uint64_t place = 0;
  std::string webhook;
  int64_t at = 0;
};

class Claims {
 public:
  // What the claims need to know of the leases. All with the time of the call.
  struct Leases {
    virtual ~Leases() = default;
    virtual const std::string &own() const = 0;
    virtual bool may_begin() const = 0;  // the own lease is held, and the recorder has room
    virtual bool dead(const std::string &owner) = 0;
    // How long to leave the stream to others, who have more room.
    virtual int64_t delay(const std::string &stream) const = 0;
    virtual std::string fresh_id() = 0;
  };
  struct Events {
    virtual ~Events() = default;
    // The stream is this recorder's: it connects.
    virtual void begin(const ClaimRecord &claim) = 0;
    // It is not any more: its connections are closed at once. Then closed() follows.
    virtual void stop(const std::string &stream) = 0;
    // Nobody had room for it.
    virtual void missed(const std::string &stream) = 0;
  };
  Claims(uint64_t *tickets, Writes *writes, Leases *leases, Events *events)
      : tickets_(tickets), writes_(writes), leases_(leases), events_(events) {}

  void announce(const std::string &stream, const Announced &announced, int64_t now);
  // The stream has ended, at that place among all webhooks: nobody needs to take it.
  void withdraw(const std::string &stream, uint64_t place);
  void seen(uint64_t revision, const ClaimRecord &record, int64_t now);
  void wrote(const Write &write, Written outcome, int64_t now);
  void tick(int64_t now);

  // Tells others something of a stream of this recorder's.
  void update(const std::string &stream, const std::function<void(ClaimRecord *)> &change);
  // Nothing of it goes on here; `state` is what others learn, if it is still this recorder's.
  void closed(const std::string &stream, ClaimRecord::State state);
  // The lease is lost: so are all streams.
  void stop_all();

  bool mine(const std::string &stream) const;
  // Streams that this recorder has, or has not let go yet.
  unsigned busy() const { return busy_; }
  unsigned owned_by(const std::string &owner) const;
  // Streams that anybody could take, and nobody does.
  unsigned waiting() const;
  std::map<std::string, ClaimRecord> all() const;

 private:
  // Mine: begun. Lost: it was, and is being stopped. Leaving: stopped, others are to learn that.
  enum class Phase { Watching, Claiming, Mine, Lost, Leaving };
  struct Stream {
    Phase phase = Phase::Watching;
    ClaimRecord record;  // of the revision; while it is Mine or Leaving, what it is to be
    uint64_t revision = 0;
    std::string owner;  // of the revision
    std::optional<Announced> announced;
    uint64_t ended = 0;  // where the last webhook that says so stands
    uint64_t ticket = 0;
    int64_t next = 0;         // no write before
    int64_t left_until = 0;   // no claim before
    int64_t free_since = -1;  // -1: somebody has it
    int64_t touched = 0, written = 0;
    bool changed = false, missed = false;
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

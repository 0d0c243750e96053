// SPDX-License-Identifier: LGPL-2.1-or-later
#include "claims.h"

#include "lease.h"
#include "protocol/webhook.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr int64_t kAgain_ms = 1000;
// The service keeps a stream without a client for a minute.
constexpr int64_t kWindow_ms = 65000;
// The store expires records that are not written for an hour.
constexpr int64_t kRefresh_ms = 600 * 1000;
constexpr int64_t kRemembered_ms = 3600 * 1000;
// Limits takeovers, because a stream may be what kills its owners.
constexpr unsigned kMostDeaths = 20;
// Three recorders that cannot record a stream are enough.
constexpr unsigned kFailure = 7;
// A recorder that releases a stream, for example because its disk is full, lets others claim it
// first. So does one that has lost its lease, which others end a little later.
constexpr int64_t kLeft_ms = 3000;

using State = ClaimRecord::State;

Webhook hook_of(const std::string &json) {
  const WebhookResult parsed = parse_webhook(json);
  const auto hook = std::get_if<Webhook>(&parsed);
  return hook ? *hook : Webhook();
}

}  // namespace

void Claims::set_phase(Stream *stream, Phase phase) {
  busy_ -= stream->phase != Phase::Watching;
  busy_ += phase != Phase::Watching;
  stream->phase = phase;
}

void Claims::set_owner(Stream *stream, const std::string &owner) {
  if (const auto before = owned_.find(stream->owner);
      before != owned_.end() && --before->second == 0)
    owned_.erase(before);
  if (!owner.empty())
    owned_[owner]++;
  stream->owner = owner;
}

// ---- events --------------------------------------------------------------------------

void Claims::Stream::renew(ClaimRecord *to) const {
  if (!is_new())
    return;
  to->deaths = to->unreached = 0;
  to->announcement = announced->place;
  // The service repeats announcements for minutes: also that of a server that was left.
  if (!is_older(announced->webhook, to->webhook))
    to->webhook = announced->webhook;
}

void Claims::announce(const std::string &id, const Announced &announced, int64_t now) {
  Stream &stream = streams_[id];
  stream.touched = now;
  if (is_late_start(hook_of(announced.webhook), stream.ended_ms))
    return;
  stream.announced = announced;
  stream.announced->at = now;
  stream.next = 0;
  stream.waits_since = -1;
  stream.missed = false;
  look(id, &stream, now);
}

void Claims::withdraw(const std::string &id, uint64_t place, const std::string &webhook,
                      int64_t now) {
  Stream &stream = streams_[id];
  stream.touched = now;
  // The end of an earlier stream with that id.
  if (is_earlier_end(webhook, stream.record.webhook) ||
      (stream.announced && is_earlier_end(webhook, stream.announced->webhook)))
    return;
  stream.ended = std::max(stream.ended, place);
  stream.ended_ms = std::max(stream.ended_ms, hook_of(webhook).event_ts);
}

void Claims::seen(uint64_t revision, const ClaimRecord &record, int64_t now) {
  Stream &stream = streams_[record.stream];
  if (revision <= stream.revision)
    return;
  const bool mine = record.state == State::Owned && record.owner == leases_->own();
  set_owner(&stream, record.state == State::Owned ? record.owner : "");
  stream.revision = revision;
  stream.free_since = -1;
  if (!record.folder.empty())
    stream.waits_since = -1;
  stream.touched = now;
  stream.missed = false;
  // An owned stream keeps its pending changes.
  const bool keeps = mine && (stream.phase == Phase::Mine || stream.phase == Phase::Leaving);
  if (!keeps)
    stream.record = record;
  if (mine && (stream.phase == Phase::Watching || stream.phase == Phase::Claiming))
    taken(&stream);
  else if (!mine && stream.phase == Phase::Mine) {
    set_phase(&stream, Phase::Lost);
    events_->stop(record.stream);
  } else if (!mine && (stream.phase == Phase::Claiming || stream.phase == Phase::Leaving)) {
    if (stream.phase == Phase::Leaving)
      stream.left_until = now + kLeft_ms;
    set_phase(&stream, Phase::Watching);
  }
  look(record.stream, &stream, now);
}

// A claim may succeed long after it was sent, when the recorder has no room or lease any more.
void Claims::taken(Stream *stream) {
  set_phase(stream, Phase::Watching);
  stream->ticket = 0;
  if (leases_->may_begin()) {
    set_phase(stream, Phase::Mine);
    // A later announcement came while the claim was on its way.
    stream->changed |= stream->is_new();
    stream->renew(&stream->record);
    events_->begin(stream->record);
    return;
  }
  set_phase(stream, Phase::Leaving);
  stream->record.state = State::Free;
  stream->record.owner.clear();
}

void Claims::wrote(const Write &write, Written outcome, int64_t now) {
  const auto found = streams_.find(write.id);
  if (found == streams_.end() || found->second.ticket != write.ticket)
    return;
  Stream &stream = found->second;
  stream.ticket = 0;
  if (outcome == Written::Done)
    return;  // seen() has handled it
  stream.next = now + kAgain_ms;
  stream.changed = true;
  if (stream.phase == Phase::Claiming)
    set_phase(&stream, Phase::Watching);
}

void Claims::closed(const std::string &id, Closed why) {
  const auto found = streams_.find(id);
  if (found == streams_.end())
    return;
  Stream &stream = found->second;
  if (stream.phase == Phase::Lost)
    set_phase(&stream, Phase::Watching);
  if (stream.phase != Phase::Mine)
    return;
  set_phase(&stream, Phase::Leaving);
  ClaimRecord &record = stream.record;
  record.state = why == Closed::Ended ? State::Ended : State::Free;
  record.owner.clear();
  if (why == Closed::Failed)
    record.deaths += kFailure;
  else if (why == Closed::Unreached)
    record.unreached++;
  else
    record.deaths = record.unreached = 0;
}

void Claims::stop_all(int64_t now) {
  for (auto &[id, stream] : streams_) {
    if (stream.phase == Phase::Mine || stream.phase == Phase::Leaving)
      stream.left_until = now + kExpiry_ms - kHold_ms + kLeft_ms;
    if (stream.phase == Phase::Mine) {
      set_phase(&stream, Phase::Lost);
      events_->stop(id);
    } else if (stream.phase != Phase::Lost) {
      set_phase(&stream, Phase::Watching);
    }
    stream.ticket = 0;
  }
}

void Claims::store_anew(int64_t now) {
  for (auto at = streams_.begin(); at != streams_.end();) {
    Stream &stream = at->second;
    if (stream.phase == Phase::Watching || stream.phase == Phase::Claiming) {
      set_phase(&stream, Phase::Watching);
      set_owner(&stream, "");
      at = streams_.erase(at);
      continue;
    }
    stream.revision = stream.ticket = stream.ended = stream.record.announcement = 0;
    stream.announced.reset();
    stream.next = 0;
    stream.touched = now;
    stream.changed = true;
    ++at;
  }
}

void Claims::update(const std::string &id, const std::function<void(ClaimRecord *)> &change) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.phase != Phase::Mine)
    return;
  change(&found->second.record);
  found->second.changed = true;
}

// ---- time ----------------------------------------------------------------------------

void Claims::tick(int64_t now) {
  for (auto at = streams_.begin(); at != streams_.end();) {
    look(at->first, &at->second, now);
    if (!is_over(at->second, now)) {
      ++at;
      continue;
    }
    set_owner(&at->second, "");
    at = streams_.erase(at);
  }
}

bool Claims::is_over(const Stream &stream, int64_t now) const {
  // A living owner writes its record each kRefresh_ms.
  const int64_t most = stream.owner.empty() ? kRemembered_ms : 2 * kRemembered_ms;
  return stream.phase == Phase::Watching && stream.free_since < 0 && now - stream.touched > most;
}

bool Claims::is_free(const Stream &stream) const {
  const uint64_t announced = stream.announced ? stream.announced->place : 0;
  if (stream.missed || stream.ended > std::max(announced, stream.record.announcement))
    return false;
  if (!stream.revision || stream.record.state == State::Ended)
    return announced > stream.record.announcement;
  return stream.record.state == State::Free || leases_->dead(stream.record.owner);
}

void Claims::look(const std::string &id, Stream *stream, int64_t now) {
  if (stream->ticket || now < stream->next)
    return;
  const bool refresh = now - stream->written >= kRefresh_ms;
  // The owner has lived long enough: the stream does not kill it.
  if (stream->phase == Phase::Mine && refresh)
    stream->record.deaths = 0;
  if (stream->phase == Phase::Leaving ||
      (stream->phase == Phase::Mine && (stream->changed || refresh)))
    send(id, stream, stream->record, now);
  else if (stream->phase == Phase::Watching)
    watch(id, stream, now);
}

void Claims::watch(const std::string &id, Stream *stream, int64_t now) {
  if (!is_free(*stream)) {
    stream->free_since = -1;
    return;
  }
  if (stream->free_since < 0) {
    stream->free_since = now;
    // A dead owner may have had a folder.
    if (stream->record.state == State::Owned)
      stream->waits_since = -1;
  }
  if (stream->waits_since < 0)
    stream->waits_since = now;
  if (now - stream->waits_since > kWindow_ms) {
    stream->missed = true;
    events_->missed(id);
  } else if (leases_->may_begin() && now - stream->free_since >= leases_->delay(id) &&
             now >= stream->left_until &&
             (stream->record.deaths < kMostDeaths || stream->is_new())) {
    claim(id, stream, now);
  }
}

void Claims::claim(const std::string &id, Stream *stream, int64_t now) {
  set_phase(stream, Phase::Claiming);
  send(id, stream, next_record(id, *stream), now);
}

ClaimRecord Claims::next_record(const std::string &id, const Stream &stream) const {
  const bool goes_on = stream.revision && stream.record.state != State::Ended;
  ClaimRecord record = goes_on ? stream.record : ClaimRecord();
  stream.renew(&record);
  if (!goes_on) {
    record.stream = id;
    record.recording = leases_->fresh_id();
    record.part = 1;
  } else if (!record.folder.empty()) {
    record.part++;
    record.previous = std::exchange(record.folder, "");
  }
  // An owned record that can be claimed: its owner is dead.
  if (record.state == State::Owned && goes_on) {
    record.deaths++;
    record.unreached = 0;
  }
  record.state = State::Owned;
  record.owner = leases_->own();
  record.owners++;
  return record;
}

void Claims::send(const std::string &id, Stream *stream, const ClaimRecord &record, int64_t now) {
  stream->ticket = ++*tickets_;
  stream->written = now;
  stream->changed = false;
  writes_->write({stream->ticket, id, record, stream->revision});
}

// ---- state ---------------------------------------------------------------------------

const ClaimRecord *Claims::own(const std::string &id) const {
  const auto found = streams_.find(id);
  const bool is_own = found != streams_.end() && found->second.phase == Phase::Mine;
  return is_own ? &found->second.record : nullptr;
}

unsigned Claims::owned_by(const std::string &owner) const {
  const auto found = owned_.find(owner);
  return found == owned_.end() ? 0 : found->second;
}

unsigned Claims::waiting() const {
  return static_cast<unsigned>(std::count_if(streams_.begin(), streams_.end(), [](const auto &one) {
    return one.second.phase == Phase::Watching && one.second.free_since >= 0;
  }));
}

std::map<std::string, ClaimRecord> Claims::all() const {
  std::map<std::string, ClaimRecord> all;
  for (const auto &[id, stream] : streams_)
    if (stream.revision)
      all[id] = stream.record;
  return all;
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What may happen to a connection at its start, and a meeting to one of whose connections it does.
#pragma once

#include <array>
#include <atomic>

#include "rawserver.h"

namespace rtmscheck {

struct Fault {
  const char *name;
  RawServer::Talk talk;
  const char *word;  // of the error that ends the tries
};
// Those that pass, and those that mean this client.
const std::vector<Fault> &passing_faults();
const std::vector<Fault> &final_faults();
// Those that mean this client on the signaling connection, and pass on a media connection: there
// the signature is known to be right.
const std::vector<Fault> &refusing_closes();

// A meeting of all kinds of media, each on a connection of its own. It ends when some of each have
// been sent.
class FlawedMeeting {
 public:
  // Signaling, or a medium. The fault befalls one connection, or all within `for_ms` after the
  // first, and at least two.
  FlawedMeeting(const Fault &fault, Where where, int64_t for_ms);

  const std::string &stream_id() const { return stream_id_; }
  std::string webhook_json() const;
  uint64_t sent(Media m) const { return sent_[static_cast<std::size_t>(m)]; }
  unsigned faults() const { return faults_; }

 private:
  void signaling(RawPeer &peer);
  void media(RawPeer &peer, Media m);
  bool strikes();
  bool all_sent() const;

  const std::string stream_id_;
  const RawServer::Talk fault_;
  const Where where_;
  const int64_t for_ms_;
  std::atomic<int64_t> first_us_{0};
  std::atomic<unsigned> faults_{0};
  std::array<std::atomic<uint64_t>, kMediaCount> sent_{};
  std::atomic<unsigned> senders_{0};
  RawServer server_;  // ends before what it uses does
};

}  // namespace rtmscheck

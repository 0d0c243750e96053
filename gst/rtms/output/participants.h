// SPDX-License-Identifier: LGPL-2.1-or-later
// Participants' pads: who gets one, and when it goes.
#pragma once

#include "base/timer.h"
#include "outputset.h"

#include <string>
#include <unordered_map>

namespace rtms {

// Used on the loop thread.
class Participants {
 public:
  Participants(OutputContext *context, OutputSet *set) : context_(context), set_(set) {}

  // The pad for the message's audio, a new one where needed. Null where there is none for it.
  Output *output_for(const MediaData &data);
  // Whoever is back soon keeps the pad.
  void came(const Participant &participant);
  void left(const Participant &participant);
  // Nothing more is done.
  void forget();

 private:
  Output *add(const ParticipantId &id, const Speaker &speaker);
  bool make_room();
  bool end_one();
  bool end_silent();
  void end(const ParticipantId &id);
  std::string stream_name(const ParticipantId &id);
  void look_after();

  OutputContext *context_;
  OutputSet *set_;
  std::unordered_map<ParticipantId, int64_t> left_us_;  // who has left, when
  // When the last message for each pad came, in monotonic time.
  std::unordered_map<ParticipantId, int64_t> used_us_;
  Timer timer_;
  unsigned made_ = 0;                                  // pads, ever
  std::unordered_map<std::string, unsigned> streams_;  // how often a stream began, by its name
  bool told_too_many_ = false;
};

}  // namespace rtms

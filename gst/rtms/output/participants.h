// SPDX-License-Identifier: LGPL-2.1-or-later
// Which participants have a pad, and for how long.
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

  // Returns the pad for the message's audio, a new one if needed; null if there can be none.
  Output *output_for(const MediaData &data);
  // A participant who returns soon keeps the pad. `at_ms`: when the service noticed that the
  // participant left, in Unix ms; 0 if unknown.
  void came(const Participant &participant);
  void left(const Participant &participant, int64_t at_ms);
  // The connection of the audio is lost, or is there again and replays what was said meanwhile:
  // perhaps by those who have left.
  void audio_lost() { audio_lost_ = true; }
  void audio_restored();
  // Stops the timer, and forgets all participants.
  void forget();

 private:
  struct Left {
    int64_t at_us;  // monotonic: the event, or audio captured before it
    int64_t at_ms;  // Unix
    bool ended;     // the pad had to make room
  };
  // Whether the audio shows that the participant has returned.
  static bool is_back(const MediaData &data, Left *left);
  Output *add(const ParticipantId &id, const Speaker &speaker);
  bool make_room();
  bool end_one();
  bool end_silent();
  void end(const ParticipantId &id);
  std::string stream_name(const ParticipantId &id);
  void look_after();

  OutputContext *context_;
  OutputSet *set_;
  // Those who left lately, with a pad or without: their audio may come later.
  std::unordered_map<ParticipantId, Left> left_;
  // Monotonic time of the last message for each pad.
  std::unordered_map<ParticipantId, int64_t> used_us_;
  Timer timer_;
  unsigned made_ = 0;                                  // all pads ever made
  std::unordered_map<std::string, unsigned> streams_;  // number of streams per stream name
  bool told_too_many_ = false;
  bool audio_lost_ = false;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// A meeting as its messages arrive: jitter, hold-ups, clocks that are off; and where tracks place
// them. All numbers, nothing in real time.
#pragma once

#include "time/track.h"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace rtmscheck {

enum class SimKind { Mix, Participant, Video, Screen, Chat };

struct SimMessage {
  std::size_t pad = 0;
  int64_t captured_us = 0;  // when it really was
  int64_t stamp_ms = 0;     // what it says
  int64_t latency_us = 0;   // without hold-ups
  int64_t arrival_us = 0;
  bool lost = false;  // the connection, between the message before and this one

  int64_t position_ns = 0;  // where the track has placed it; relative to capture time 0
  bool discont = false;
  rtms::TimeDecision decision;
};

struct SimPad {
  SimKind kind = SimKind::Mix;
  std::string name;
  int connection = 0;
  int64_t period_us = 0;
};

// Nothing arrives on a connection for a while; what was captured meanwhile comes at `pace` times
// real time (0: at once). Where the connection was lost, only audio is kept.
struct HoldUp {
  int connection = 0;
  double from_s = 0, to_s = 0;
  double pace = 0;
  bool lost = false;
};

struct SimOptions {
  unsigned seed = 1;
  int seconds = 600;
  bool participants = false, video = true, screen = true, chat = true;
  bool unified = false;
  int backlog_seconds = 0;
  double speed = 1;  // of a server that sends faster than real time
  int ppm = 0;       // by which its clock is off
};

class SimMeeting {
 public:
  explicit SimMeeting(const SimOptions &options);

  const std::vector<SimPad> &pads() const { return pads_; }
  const SimPad &pad(const std::string &name) const;

  // Changes to what is sent, of one pad ("" is all) from `from_s` to `to_s`.
  void shift(const std::string &name, double from_s, double to_s, int64_t by_ms);
  void shift_one(const std::string &name, double at_s, int64_t by_ms);
  void remove(const std::string &name, double from_s, double to_s);
  // Nothing is sent for a while, and then it goes on with the timestamps of before.
  void pause(const std::string &name, double at_s, double for_s);
  void hold_up(const HoldUp &hold_up) { hold_ups_.push_back(hold_up); }

  // The messages in the order of their arrival.
  std::vector<SimMessage> deliver() const;
  // The same, as tracks place them. `backlog`: as TrackSet's.
  std::vector<SimMessage> play(bool backlog) const;

 private:
  void add(const SimPad &pad, int64_t from_us, int64_t latency_us,
           const std::function<bool(int64_t)> &speaks = {});
  void change(const std::string &name, double from_s, double to_s,
              const std::function<void(SimMessage *)> &function);
  bool hold(SimMessage *message, double *pace) const;

  SimOptions options_;
  std::mt19937 random_;
  std::vector<SimPad> pads_;
  std::vector<SimMessage> messages_;
  std::vector<HoldUp> hold_ups_;
};

std::string to_string(const SimMessage &message, const SimMeeting &meeting);

}  // namespace rtmscheck

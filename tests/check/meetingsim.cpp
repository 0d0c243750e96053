// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meetingsim.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

namespace rtmscheck {
namespace {

constexpr int64_t kMs_us = 1000;
constexpr int64_t kSecond_us = 1000 * kMs_us;
constexpr int64_t kNsPerUs = 1000, kNsPerMs = 1000 * 1000;
constexpr int64_t kJitter_us = 200 * kMs_us;
constexpr int64_t kStampJitter_us = 5 * kMs_us;
constexpr int64_t kStart_ms = 1738392033699;  // Unix time of capture time 0

int64_t to_us(double seconds) {
  return static_cast<int64_t>(seconds * kSecond_us);
}

bool is_audio(SimKind kind) {
  return kind == SimKind::Mix || kind == SimKind::Participant;
}

std::optional<rtms::TrackClock::Kind> clock_kind(SimKind kind) {
  switch (kind) {
    case SimKind::Mix:
      return rtms::TrackClock::Kind::Mix;
    case SimKind::Participant:
      return rtms::TrackClock::Kind::Participant;
    case SimKind::Video:
      return rtms::TrackClock::Kind::Video;
    case SimKind::Screen:
      return rtms::TrackClock::Kind::Screen;
    case SimKind::Chat:
      break;
  }
  return std::nullopt;
}

// Three people take turns of two seconds; sometimes two of them speak.
bool speaks(int who, int64_t at_us) {
  const int64_t turn = (at_us + 60 * kSecond_us) / (2 * kSecond_us);
  return turn % 3 == who || turn % 7 == who || (who == 0 && turn % 10 < 3);
}

}  // namespace

SimMeeting::SimMeeting(const SimOptions &options) : options_(options), random_(options.seed) {
  const auto connection = [&](int own) { return options.unified ? 0 : own; };
  const int64_t audio_from_us = -options.backlog_seconds * kSecond_us;
  if (!options.participants)
    add({SimKind::Mix, "audio", 0, 20 * kMs_us}, audio_from_us, 60 * kMs_us);
  for (int who = 0; options.participants && who < 3; who++)
    add({SimKind::Participant, std::string(1, static_cast<char>('A' + who)), 0, 20 * kMs_us},
        audio_from_us, 60 * kMs_us, [who](int64_t at_us) { return speaks(who, at_us); });
  if (options.video)
    add({SimKind::Video, "video", connection(1), 40 * kMs_us}, 10 * kMs_us, 150 * kMs_us);
  if (options.screen)
    add({SimKind::Screen, "screen", connection(2), 66 * kMs_us}, 30 * kMs_us, 200 * kMs_us);
  if (options.chat)
    add({SimKind::Chat, "chat", connection(3), 5 * kSecond_us}, kSecond_us, 80 * kMs_us);
}

void SimMeeting::add(const SimPad &pad, int64_t from_us, int64_t latency_us,
                     const std::function<bool(int64_t)> &speaks) {
  // On one machine there is hardly any jitter.
  const int64_t jitter = options_.speed > 1 ? kJitter_us / 20 : kJitter_us;
  std::uniform_int_distribution<int64_t> jitter_us(0, jitter);
  std::uniform_int_distribution<int64_t> stamp_us(-kStampJitter_us, kStampJitter_us);
  for (int64_t at_us = from_us; at_us < options_.seconds * kSecond_us; at_us += pad.period_us) {
    SimMessage message;
    message.pad = pads_.size();
    message.captured_us = at_us;
    const int64_t said_us = at_us + at_us / kSecond_us * options_.ppm + stamp_us(random_);
    message.stamp_ms = (said_us + 1000 * kSecond_us) / kMs_us - 1000 * 1000;
    message.latency_us = latency_us + jitter_us(random_);
    if (!speaks || speaks(at_us))
      messages_.push_back(message);
  }
  pads_.push_back(pad);
}

const SimPad &SimMeeting::pad(const std::string &name) const {
  return *std::find_if(pads_.begin(), pads_.end(),
                       [&](const SimPad &pad) { return pad.name == name; });
}

void SimMeeting::change(const std::string &name, double from_s, double to_s,
                        const std::function<void(SimMessage *)> &function) {
  for (SimMessage &message : messages_)
    if ((name.empty() || pads_[message.pad].name == name) && message.captured_us >= to_us(from_s) &&
        message.captured_us < to_us(to_s))
      function(&message);
}

void SimMeeting::shift(const std::string &name, double from_s, double to_s, int64_t by_ms) {
  change(name, from_s, to_s, [=](SimMessage *message) { message->stamp_ms += by_ms; });
}

void SimMeeting::shift_one(const std::string &name, double at_s, int64_t by_ms) {
  bool done = false;
  change(name, at_s, options_.seconds, [&](SimMessage *message) {
    message->stamp_ms += done ? 0 : by_ms;
    done = true;
  });
}

void SimMeeting::remove(const std::string &name, double from_s, double to_s) {
  change(name, from_s, to_s, [](SimMessage *message) { message->latency_us = -1; });
  messages_.erase(std::remove_if(messages_.begin(), messages_.end(),
                                 [](const SimMessage &message) { return message.latency_us < 0; }),
                  messages_.end());
}

void SimMeeting::pause(const std::string &name, double at_s, double for_s) {
  remove(name, at_s, at_s + for_s);
  shift(name, at_s + for_s, options_.seconds, -to_us(for_s) / kMs_us);
}

// False where the message does not arrive at all.
bool SimMeeting::hold(SimMessage *message, double *pace) const {
  const SimPad &pad = pads_[message->pad];
  for (const HoldUp &hold_up : hold_ups_) {
    if (hold_up.connection != pad.connection || message->captured_us < to_us(hold_up.from_s) ||
        message->captured_us >= to_us(hold_up.to_s))
      continue;
    message->lost |= hold_up.lost;
    message->arrival_us = std::max(message->arrival_us, to_us(hold_up.to_s));
    *pace = hold_up.pace;
    if (hold_up.lost && !is_audio(pad.kind))
      return false;
  }
  return true;
}

std::vector<SimMessage> SimMeeting::deliver() const {
  struct Connection {
    int64_t last_us = 0, last_captured_us = 0;
    double pace = 0;
    bool behind = false, lost = false;
  };
  std::map<int, Connection> connections;
  std::map<std::size_t, bool> lost;
  std::vector<SimMessage> arrived;
  std::vector<SimMessage> all = messages_;
  std::stable_sort(all.begin(), all.end(), [](const SimMessage &a, const SimMessage &b) {
    return a.captured_us < b.captured_us;
  });
  for (SimMessage &message : all) {
    Connection &connection = connections[pads_[message.pad].connection];
    const int64_t due_us =
        static_cast<int64_t>(static_cast<double>(message.captured_us) / options_.speed) +
        message.latency_us;
    message.arrival_us = std::max({due_us, connection.last_us, int64_t(0)});
    double pace = -1;
    const bool comes = hold(&message, &pace);
    if (message.lost)
      for (std::size_t pad = 0; pad < pads_.size(); pad++)
        lost[pad] |= pads_[pad].connection == pads_[message.pad].connection;
    if (pace >= 0) {
      connection.pace = pace;
      connection.behind = true;
    }
    if (!comes)
      continue;
    if (connection.behind && connection.pace > 0 && connection.last_us > 0) {
      const auto step_us = static_cast<double>(message.captured_us - connection.last_captured_us);
      message.arrival_us = std::max(
          message.arrival_us, connection.last_us + static_cast<int64_t>(step_us / connection.pace));
    }
    connection.behind &= message.arrival_us > due_us;
    connection.last_us = message.arrival_us;
    connection.last_captured_us = message.captured_us;
    message.lost = std::exchange(lost[message.pad], false);
    arrived.push_back(message);
  }
  std::stable_sort(arrived.begin(), arrived.end(), [](const SimMessage &a, const SimMessage &b) {
    return a.arrival_us < b.arrival_us;
  });
  return arrived;
}

std::vector<SimMessage> SimMeeting::play(bool backlog) const {
  rtms::Timeline timeline;
  rtms::TrackSet set(&timeline, backlog);
  std::vector<std::unique_ptr<rtms::Track>> tracks;
  for (const SimPad &pad : pads_) {
    const bool picture = pad.kind == SimKind::Video || pad.kind == SimKind::Screen;
    tracks.push_back(
        std::make_unique<rtms::Track>(&set, clock_kind(pad.kind), picture ? kNsPerMs : 0));
  }
  int64_t zero_ms = 0;
  std::vector<SimMessage> messages = deliver();
  for (SimMessage &message : messages) {
    rtms::Track *track = tracks[message.pad].get();
    const int64_t unix_ms = kStart_ms + message.stamp_ms;
    const int64_t running_ns = (message.arrival_us + kSecond_us) * kNsPerUs;
    if (track->needs_anchor(unix_ms, running_ns)) {
      timeline.anchor(track->anchor_ms(unix_ms), running_ns);
      set.anchored(running_ns, pads_[message.pad].kind == SimKind::Chat);
      zero_ms = timeline.zero_ms() - kStart_ms;
    }
    if (message.lost)
      track->lost();
    const rtms::Track::Stamp stamp = track->stamp(unix_ms, running_ns);
    message.position_ns = stamp.position_ns + zero_ms * kNsPerMs;
    message.discont = stamp.discont;
    message.decision = stamp.decision;
  }
  return messages;
}

std::string to_string(const SimMessage &message, const SimMeeting &meeting) {
  char text[512];
  std::snprintf(
      text, sizeof text, "%s captured %.3f s, says %.3f s, arrived %.3f s, placed %.3f s: %s",
      meeting.pads()[message.pad].name.c_str(), static_cast<double>(message.captured_us) / 1e6,
      static_cast<double>(message.stamp_ms) / 1e3, static_cast<double>(message.arrival_us) / 1e6,
      static_cast<double>(message.position_ns) / 1e9, to_text(message.decision).c_str());
  return text;
}

}  // namespace rtmscheck

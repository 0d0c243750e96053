// SPDX-License-Identifier: LGPL-2.1-or-later
#include "knownstreams.h"

#include <glib.h>
#include <algorithm>
#include <utility>

namespace rtms::recorder {

using State = Stream::State;

uint64_t KnownStreams::open(const WebhookNotice &notice, const Part &part,
                            std::optional<FoundMeeting> before) {
  Stream &stream = streams_.try_emplace(notice.hook.stream_id).first->second;
  // A stream allows one connection.
  g_assert(!stream.ticket || stream.state == State::Waiting);
  stream.state = State::Opening;
  stream.notice = notice;
  stream.part = part;
  stream.before = std::move(before);
  return stream.ticket = ++tickets_;
}

Stream *KnownStreams::opening(const std::string &id, uint64_t ticket) {
  Stream *stream = find(id);
  return stream && stream->state == State::Opening && stream->ticket == ticket ? stream : nullptr;
}

void KnownStreams::recording(const std::string &id) {
  Stream &stream = streams_.at(id);
  stream.state = State::Recording;
  stream.until_s = 0;
  stream.needs_room = false;
  stream.before.reset();
}

KnownStreams::Waits KnownStreams::wait(const WebhookNotice &notice, const Part &part,
                                       bool needs_room, unsigned now_s, int64_t age_s) {
  Stream &stream = streams_.try_emplace(notice.hook.stream_id).first->second;
  const bool first = !stream.until_s;
  if (!first && now_s > stream.until_s) {
    streams_.erase(notice.hook.stream_id);
    return Waits::TooLate;
  }
  if (first)
    stream.until_s = now_s + static_cast<unsigned>(kWindow_s - std::min(age_s, kWindow_s));
  stream.state = State::Waiting;
  stream.notice = notice;
  stream.part = part;
  stream.needs_room = needs_room;
  stream.before.reset();
  stream.again.reset();
  return first ? Waits::First : Waits::Again;
}

Stream KnownStreams::renew(const WebhookNotice &notice, unsigned now_s) {
  Stream &stream = streams_.at(notice.hook.stream_id);
  stream.notice.renew(notice);
  if (!notice.repeated)
    stream.until_s = now_s + static_cast<unsigned>(kWindow_s);
  return stream;
}

std::optional<Stream> KnownStreams::remove(const std::string &id) {
  auto stream = streams_.extract(id);
  return stream ? std::optional(std::move(stream.mapped())) : std::nullopt;
}

std::vector<Stream> KnownStreams::due(unsigned now_s) const {
  std::vector<Stream> all;
  if (now_s % kAgain_s != 0)
    return all;
  for (const auto &[id, stream] : streams_)
    if (stream.state == State::Waiting && now_s <= stream.until_s)
      all.push_back(stream);
  std::stable_partition(all.begin(), all.end(),
                        [](const Stream &stream) { return stream.part.number > 1; });
  return all;
}

std::vector<std::string> KnownStreams::over(unsigned now_s) {
  std::vector<std::string> all;
  for (const auto &[id, stream] : streams_)
    if (stream.state == State::Waiting && now_s > stream.until_s)
      all.push_back(id);
  for (const std::string &id : all)
    streams_.erase(id);
  return all;
}

std::vector<Stream> KnownStreams::take(State state) {
  std::vector<Stream> all;
  for (auto it = streams_.begin(); it != streams_.end();) {
    if (it->second.state != state) {
      ++it;
      continue;
    }
    all.push_back(std::move(it->second));
    it = streams_.erase(it);
  }
  return all;
}

Stream *KnownStreams::find(const std::string &id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

bool KnownStreams::is(State state, const std::string &id) const {
  const auto found = streams_.find(id);
  return found != streams_.end() && found->second.state == state;
}

bool KnownStreams::is_earlier_end(const Webhook &stopped) const {
  const auto found = streams_.find(stopped.stream_id);
  if (found == streams_.end())
    return false;
  const Stream &stream = found->second;
  // The end of a meeting that is being recorded is for the meeting.
  if (stream.state == State::Recording && !stream.again)
    return false;
  const Webhook &hook = stream.again ? stream.again->hook : stream.notice.hook;
  return rtms::is_earlier_end(stopped, hook.event_ts);
}

std::vector<std::string> KnownStreams::active() const {
  std::vector<std::string> all;
  for (const auto &[id, stream] : streams_)
    if (stream.state != State::Waiting)
      all.push_back(id);
  return all;
}

}  // namespace rtms::recorder

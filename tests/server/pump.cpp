// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pump.h"

#include <algorithm>

#include "rules.h"
#include "stream.h"

namespace rtmstest {

namespace {

constexpr int kBatchMessages = 32;
constexpr std::size_t kBatchBytes = 1024 * 1024;
constexpr int64_t kLookAgainMs = 5;  // for what an encoder has not made yet
// After libsoup's own writing: when the pump runs and the socket is writable, nothing is queued.
constexpr int kPriority = G_PRIORITY_LOW;

std::string base64(const std::vector<uint8_t> &bytes) {
  CharPtr text(g_base64_encode(bytes.data(), bytes.size()));
  return text.get();
}

std::string utf8(const std::vector<uint8_t> &bytes) {
  return {bytes.begin(), bytes.end()};
}

void add_mix_id(Members &members, const Config &config) {
  switch (config.odd.mix_id) {
    case MixId::Zero:
      members.num("user_id", 0);
      break;
    case MixId::MinusOne:
      members.num("user_id", -1);
      break;
    case MixId::AllOnes:
      members.num("user_id", UINT32_MAX);
      break;
    case MixId::None:
      break;
  }
}

void add_user_id(Members &members, const Config &config, const MediaItem &item) {
  const bool mix = item.media == Media::Audio && item.user_id == 0;
  if (config.product == Product::ContactCenter && item.media == Media::Audio)
    members.str("channel_id", std::to_string(item.user_id));
  else if (mix && config.odd.mix_id != MixId::Zero)
    add_mix_id(members, config);
  else if (config.string_ids)
    members.str("user_id", std::to_string(item.user_id));
  else
    members.num("user_id", static_cast<int64_t>(item.user_id));
}

// Chat's data is a JSON text of its own.
std::string chat_data(const Config &config, const MediaItem &item) {
  std::string text = utf8(item.payload);
  if (config.plain_content || parse_object(text))
    return text;
  Members sender, inner;
  add_user_id(sender, config, item);
  sender.str("user_name", item.user_name);
  inner.str("data", text)
      .raw("sender", sender.object())
      .raw("receiver", "{}")
      .str("message_id", "message-" + std::to_string(item.timestamp))
      .num("operation_type", 1);
  return inner.object();
}

std::string payload_text(const Config &config, const MediaItem &item) {
  if (item.media == Media::Chat)
    return chat_data(config, item);
  return item.media == Media::Transcript ? utf8(item.payload) : base64(item.payload);
}

}  // namespace

std::string media_message_text(const Config &config, const MediaItem &item) {
  if (!item.raw.empty())
    return item.raw;
  bool text = item.media == Media::Transcript || item.media == Media::Chat;
  Members content;
  if (config.plain_content)
    content.str("content", payload_text(config, item));
  add_user_id(content, config, item);
  content.str("user_name", item.user_name);
  if (!config.plain_content)
    content.str("data", payload_text(config, item));
  if (!text)
    content.num("length", static_cast<int64_t>(item.payload.size()));
  content.num("timestamp", item.timestamp * (config.odd.microseconds ? 1000 : 1));
  content.splice(item.extra);
  int msg_type = 14 + static_cast<int>(item.media);
  if (config.plain_content)
    return message(config, msg_type, content);
  return message(config, msg_type, Members().raw("content", content.object()));
}

bool Feeds::is_ready(Media m) {
  return feeds_[static_cast<std::size_t>(m)].loaded || !source_ || source_->is_ready(m);
}

const Feeds::Feed *Feeds::peek(Media m) {
  Feed &feed = feeds_[static_cast<std::size_t>(m)];
  if (!feed.loaded && !feed.ended) {
    feed.item = {};
    feed.item.media = m;
    feed.loaded = source_ && source_->next(m, feed.item, feed.due_ms);
    feed.ended = !feed.loaded;
  }
  return feed.loaded ? &feed : nullptr;
}

MediaItem Feeds::take(Media m) {
  Feed &feed = feeds_[static_cast<std::size_t>(m)];
  feed.loaded = false;
  return std::move(feed.item);
}

void Feeds::skip_to(Media m, int64_t due_ms) {
  if (source_)
    source_->skip_to(m, due_ms);
  for (const Feed *feed = peek(m); feed && feed->due_ms < due_ms; feed = peek(m))
    take(m);
}

void Feeds::remember_line(const std::string &text, std::size_t limit) {
  last_lines_.push_back(text);
  while (last_lines_.size() > limit)
    last_lines_.pop_front();
}

bool Feeds::next_event(int64_t due_ms, EventItem &event) {
  if (!event_loaded_ && !events_ended_) {
    event_loaded_ = source_ && source_->next_event(event_, event_due_ms_);
    events_ended_ = !event_loaded_;
  }
  if (!event_loaded_ || event_due_ms_ > due_ms)
    return false;
  event = std::move(event_);
  event_loaded_ = false;
  return true;
}

Pump::Pump(Stream &stream, Connection &connection, std::vector<Media> media,
           bool only_subscribed_video)
    : stream_(stream),
      connection_(connection),
      media_(std::move(media)),
      only_subscribed_video_(only_subscribed_video) {}

void Pump::start() {
  schedule(0);
}

void Pump::replay(int64_t now_ms) {
  const Feeds::Feed *oldest = stream_.feeds().peek(Media::Audio);
  replay_speed_ = oldest ? stream_.config().replay.speed : 0;
  replay_from_ms_ = oldest ? oldest->due_ms : 0;
  replay_at_ms_ = now_ms;
}

// Until it has caught up, replayed audio is later than it was due.
int64_t Pump::send_time_ms(Media m, int64_t due_ms) const {
  if (m != Media::Audio || replay_speed_ <= 0)
    return due_ms;
  const double behind_ms = static_cast<double>(due_ms - replay_from_ms_) / replay_speed_;
  return std::max(due_ms, replay_at_ms_ + static_cast<int64_t>(behind_ms));
}

void Pump::schedule(int64_t wait_ms) {
  auto again = [this] { return run(); };
  if (wait_ms > 0)
    event_.after_ms(wait_ms, again, kPriority);
  else
    event_.idle(again, kPriority);
}

// Without a clock, video waits for somebody to subscribe; in real time it passes unseen.
// What is buffered does not go to a connection that is silent.
bool Pump::blocked(Media m) const {
  if (m == Media::Audio && connection_.silent() && stream_.config().replay.audio)
    return true;
  return m == Media::Video && only_subscribed_video_ && !stream_.subscribed_user() &&
         stream_.config().pace == Pace::Fast;
}

bool Pump::is_coming(Media m) const {
  return stream_.config().pace == Pace::Realtime && !stream_.feeds().is_ready(m);
}

bool Pump::earliest(Media &m, int64_t &due_ms, bool &waiting) {
  bool found = false;
  waiting = false;
  for (Media candidate : media_) {
    if (is_coming(candidate))
      continue;
    const Feeds::Feed *feed = stream_.feeds().peek(candidate);
    if (!feed)
      continue;
    const int64_t candidate_ms = send_time_ms(candidate, feed->due_ms);
    if (blocked(candidate)) {
      waiting = true;
    } else if (!found || candidate_ms < due_ms) {
      found = true;
      m = candidate;
      due_ms = candidate_ms;
    }
  }
  return found;
}

bool Pump::run() {
  std::size_t bytes = 0;
  for (int i = 0; i < kBatchMessages && bytes < kBatchBytes; i++) {
    Media m = Media::Audio;
    int64_t due_ms = 0;
    bool waiting = false;
    if (!connection_.open() || connection_.stalled())
      return G_SOURCE_REMOVE;
    if (!stream_.media_begin()) {
      schedule(kLookAgainMs);
      return G_SOURCE_REMOVE;
    }
    const bool coming =
        std::any_of(media_.begin(), media_.end(), [this](Media one) { return is_coming(one); });
    if (!earliest(m, due_ms, waiting)) {
      if (coming) {
        schedule(kLookAgainMs);
        return G_SOURCE_REMOVE;
      }
      finished_ = !waiting;
      if (finished_)
        stream_.pump_finished();
      return G_SOURCE_REMOVE;
    }
    int64_t wait_ms = stream_.config().pace == Pace::Realtime ? due_ms - stream_.position_ms() : 0;
    if (wait_ms > 0) {
      schedule(coming ? std::min(wait_ms, kLookAgainMs) : wait_ms);
      return G_SOURCE_REMOVE;
    }
    if (!connection_.writable()) {
      auto again = [this] { return run(); };
      event_.writable(connection_.output(), again, kPriority);
      return G_SOURCE_REMOVE;
    }
    stream_.media_progress(due_ms);
    bytes += send(m);
  }
  schedule(0);
  return G_SOURCE_REMOVE;
}

std::size_t Pump::send(Media m) {
  MediaItem item = stream_.feeds().take(m);
  if (m == Media::Video && only_subscribed_video_ && item.user_id != stream_.subscribed_user())
    return 0;
  std::string text = media_message_text(stream_.config(), item);
  connection_.send_text(text);
  if (m == Media::Transcript)
    stream_.feeds().remember_line(text, stream_.config().replay.transcript_lines);
  stream_.log().change([m](Log::State &state) { state.sent[static_cast<std::size_t>(m)]++; });
  return text.size();
}

}  // namespace rtmstest

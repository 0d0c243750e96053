// SPDX-License-Identifier: LGPL-2.1-or-later
// The made meeting, and the one out of a file: its tracks on one clock, and its events.
#include <algorithm>
#include <array>
#include <cstdio>
#include <future>
#include <optional>
#include <random>

#include "contact_center.h"
#include "json.h"
#include "pipeline.h"
#include "track.h"

namespace rtmstest {

namespace {

enum EventType {
  kActiveSpeaker = 2,
  kJoin = 3,
  kSharingStart = 5,
  kSharingStop = 6,
  kVideoOn = 8,
  kVideoOff = 9
};

class Meeting : public MediaSource {
 public:
  Meeting(const MeetingOptions &options, std::string uri, int64_t end_ms)
      : options_(options), uri_(std::move(uri)) {
    cast_.start_timestamp = options.start_timestamp;
    cast_.end_ms = end_ms;
    cast_.speakers = std::max(options.speakers, 1u);
    cast_.sizes_differ = options.sizes_differ;
    cast_.channels = options.channels;
    cast_.attributes = options.attributes;
    add_switch_events(Media::Video, kVideoOn, kVideoOff);
    add_switch_events(Media::Deskshare, kSharingStart, kSharingStop);
  }

  void negotiated(Media m, const std::string &params_json) override;
  bool is_ready(Media m) override;
  bool next(Media m, MediaItem &item, int64_t &due_ms) override;
  bool next_event(EventItem &item, int64_t &due_ms) override;
  void skip_to(Media m, int64_t due_ms) override;
  void subscribed(uint64_t user_id) override { cast_.subscribed_user = user_id; }

 private:
  struct Made {
    MediaItem item;
    int64_t position_ms = 0;
  };
  struct Slot {
    std::unique_ptr<Track> track;
    int64_t position_ms = 0;  // no later item will be before it
    // The next item: encoders work on threads of their own, so that the other media are in time.
    std::shared_future<std::optional<Made>> coming;
  };
  Slot &slot(Media m) { return slots_[static_cast<std::size_t>(m)]; }
  std::optional<Made> make(Media m);
  void make_ahead(Media m);
  std::optional<Made> take(Media m);
  int64_t due(Media m, int64_t position_ms) const;
  const Span *off(Media m, int64_t position_ms) const;
  void add_switch_events(Media m, int on, int off);
  EventItem join_event();
  EventItem channel_event();
  EventItem turn_event();
  EventItem switch_event();

  MeetingOptions options_;
  std::string uri_;
  Cast cast_;
  std::array<Slot, kMediaCount> slots_;
  std::multimap<int64_t, int> switches_;  // position → event type
  std::minstd_rand random_;
  int64_t negotiated_us_ = 0;  // the last medium
  bool begun_ = false;
  unsigned joined_ = 0;
  int64_t turn_ = 0;
};

// When it is sent: the backlog is old, and comes at once.
int64_t Meeting::due(Media m, int64_t position_ms) const {
  const int64_t due_ms = position_ms - options_.backlog_ms;
  return m == Media::Audio ? std::max<int64_t>(due_ms, 0) : due_ms;
}

const Span *Meeting::off(Media m, int64_t position_ms) const {
  auto spans = options_.off.find(m);
  if (spans == options_.off.end())
    return nullptr;
  for (const Span &span : spans->second)
    if (position_ms >= span.from_ms && position_ms < span.to_ms)
      return &span;
  return nullptr;
}

void Meeting::add_switch_events(Media m, int on, int off) {
  for (const Span &span : options_.off[m]) {
    switches_.emplace(span.from_ms, off);
    switches_.emplace(span.to_ms, on);
  }
}

void Meeting::negotiated(Media m, const std::string &params_json) {
  constexpr std::unique_ptr<Track> (*makers[kMediaCount])(const TrackOptions &, JsonObject *) = {
      make_audio_track, make_video_track, make_deskshare_track, make_transcript_track,
      make_chat_track};
  if (cast_.start_timestamp == 0)
    cast_.start_timestamp = g_get_real_time() / 1000 - options_.backlog_ms;
  NodePtr params = parse_object(params_json);
  if (m != Media::Audio)
    slot(m).position_ms = std::max(slot(m).position_ms, options_.backlog_ms);
  TrackOptions options{cast_, uri_, options_.width, options_.height, slot(m).position_ms};
  negotiated_us_ = g_get_monotonic_time();
  slot(m).coming = {};
  slot(m).track = makers[static_cast<std::size_t>(m)](
      options, params ? json_node_get_object(params.get()) : nullptr);
  if (m == Media::Video || m == Media::Deskshare)
    make_ahead(m);
}

std::optional<Meeting::Made> Meeting::make(Media m) {
  Track *track = slot(m).track.get();
  Made made;
  made.item.media = m;
  if (!track || !track->next(made.item, made.position_ms))
    return std::nullopt;
  while (const Span *span = off(m, made.position_ms)) {
    track->skip_to(span->to_ms);
    if (!track->next(made.item, made.position_ms))
      return std::nullopt;
  }
  return made;
}

void Meeting::make_ahead(Media m) {
  slot(m).coming = std::async(std::launch::async, [this, m] { return make(m); }).share();
}

std::optional<Meeting::Made> Meeting::take(Media m) {
  if (!slot(m).coming.valid())
    return make(m);
  std::optional<Made> made = slot(m).coming.get();
  if (made)
    make_ahead(m);
  return made;
}

// At first, a client may be about to negotiate another medium, whose encoder has to start.
bool Meeting::is_ready(Media m) {
  constexpr int64_t kSettle_us = 50 * 1000;
  const auto &coming = slot(m).coming;
  return (begun_ || g_get_monotonic_time() - negotiated_us_ >= kSettle_us) &&
         (!coming.valid() || coming.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
}

bool Meeting::next(Media m, MediaItem &item, int64_t &due_ms) {
  begun_ = true;
  std::optional<Made> made = take(m);
  if (!made)
    return false;
  item = std::move(made->item);
  slot(m).position_ms = made->position_ms + 1;
  due_ms = due(m, made->position_ms);
  if (options_.jitter_ms)
    item.timestamp +=
        std::uniform_int_distribution<int>(-options_.jitter_ms, options_.jitter_ms)(random_);
  return true;
}

void Meeting::skip_to(Media m, int64_t due_ms) {
  Slot &own = slot(m);
  const int64_t position_ms = due_ms + options_.backlog_ms;
  if (own.coming.valid() && own.coming.get() && own.coming.get()->position_ms >= position_ms)
    return;
  if (own.track)
    own.track->skip_to(position_ms);
  if (own.coming.valid())
    make_ahead(m);
}

EventItem Meeting::join_event() {
  if (options_.channels)
    return channel_event();
  Members who;
  who.num("user_id", static_cast<int64_t>(Cast::user_id(joined_)))
      .str("user_name", Cast::user_name(joined_));
  joined_++;
  return {kJoin, Members().raw("participants", "[" + who.object() + "]").text(),
          cast_.start_timestamp};
}

EventItem Meeting::channel_event() {
  constexpr int kConsumerAnswered = 8, kUserAnswered = 10;
  const int type = joined_ == 0 ? kConsumerAnswered : kUserAnswered;
  const std::string channel = std::to_string(Cast::user_id(joined_));
  const std::string name = Cast::user_name(joined_);
  joined_++;
  return contact_center_event(type, channel, name, cast_.start_timestamp, options_.misspelt);
}

EventItem Meeting::turn_event() {
  const int64_t position_ms = turn_++ * Cast::kTurnMs;
  unsigned speaker = cast_.active(position_ms);
  auto user = static_cast<int64_t>(Cast::user_id(speaker));
  Members members;
  members.num("current_id", user).num("user_id", user).str("user_name", Cast::user_name(speaker));
  return {kActiveSpeaker, members.text(), cast_.start_timestamp + position_ms};
}

EventItem Meeting::switch_event() {
  const auto [position_ms, type] = *switches_.begin();
  switches_.erase(switches_.begin());
  const unsigned speaker = cast_.active(position_ms);
  Members who, members;
  who.num("user_id", static_cast<int64_t>(Cast::user_id(speaker)));
  if (type == kVideoOn || type == kVideoOff)
    members.raw("participants", "[" + who.object() + "]");
  else
    members.splice(who.text()).str("user_name", Cast::user_name(speaker));
  return {type, members.text(), cast_.start_timestamp + position_ms};
}

// All join at once, then they take turns.
bool Meeting::next_event(EventItem &item, int64_t &due_ms) {
  const int64_t turn_ms = turn_ * Cast::kTurnMs;
  if (joined_ < cast_.speakers)
    item = join_event();
  else if (!switches_.empty() && switches_.begin()->first < turn_ms)
    item = switch_event();
  else if (turn_ms < cast_.end_ms)
    item = turn_event();
  else
    return false;
  due_ms = std::max<int64_t>(item.timestamp - cast_.start_timestamp - options_.backlog_ms, 0);
  return true;
}

// Plays it nowhere, just to see that it can be played, and how long it is; negative: it can't.
int64_t file_duration_ms(const std::string &uri) {
  ElementPtr playbin(gst_element_factory_make("playbin", nullptr));
  if (!playbin)
    return -1;
  gst_object_ref_sink(playbin.get());
  for (const char *property : {"video-sink", "audio-sink", "text-sink"})
    g_object_set(playbin.get(), property, gst_element_factory_make("fakesink", nullptr), nullptr);
  g_object_set(playbin.get(), "uri", uri.c_str(), nullptr);
  gst_element_set_state(playbin.get(), GST_STATE_PAUSED);
  gint64 duration = -1;
  if (gst_element_get_state(playbin.get(), nullptr, nullptr, 30 * GST_SECOND) ==
      GST_STATE_CHANGE_SUCCESS)
    gst_element_query_duration(playbin.get(), GST_FORMAT_TIME, &duration);
  gst_element_set_state(playbin.get(), GST_STATE_NULL);
  return duration < 0 ? -1 : duration / static_cast<gint64>(GST_MSECOND);
}

}  // namespace

std::unique_ptr<MediaSource> make_meeting(const MeetingOptions &options) {
  int64_t end_ms = options.duration_ms > 0 ? options.duration_ms + options.backlog_ms : INT64_MAX;
  if (options.file.empty())
    return std::make_unique<Meeting>(options, "", end_ms);
  GError *failure = nullptr;
  CharPtr uri(gst_filename_to_uri(options.file.c_str(), &failure));
  ErrorPtr owned(failure);
  int64_t length_ms = uri ? file_duration_ms(uri.get()) : -1;
  if (length_ms < 0) {
    std::fprintf(stderr, "cannot play %s\n", options.file.c_str());
    return nullptr;
  }
  return std::make_unique<Meeting>(options, uri.get(), std::min(end_ms, length_ms));
}

}  // namespace rtmstest

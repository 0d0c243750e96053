// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the test server's media comes from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rtmstest {

enum class Media { Audio, Video, Deskshare, Transcript, Chat };
inline constexpr std::size_t kMediaCount = 5;
inline constexpr std::array<Media, kMediaCount> kAllMedia = {
    Media::Audio, Media::Video, Media::Deskshare, Media::Transcript, Media::Chat};

struct MediaItem {
  Media media = Media::Audio;
  int64_t timestamp = 0;  // Unix ms
  uint64_t user_id = 0;
  std::string user_name;
  // Audio, video, share: raw bytes (the server encodes base64). Transcript, chat: UTF-8 text; chat
  // text that isn't a JSON object already is wrapped into one.
  std::vector<uint8_t> payload;
  std::string extra;  // JSON members spliced into content: "\"start_time\":5,\"end_time\":9"
  std::string raw;    // if not empty, sent as it is instead of a built message
};

struct EventItem {
  int type = 0;
  std::string members;  // JSON members of `event` besides event_type and timestamp
  int64_t timestamp = 0;
};

// All functions are called on the server's thread, and may block for a moment.
class MediaSource {
 public:
  virtual ~MediaSource() = default;
  // Media `m` of a connection was negotiated (again after a reconnect); params: its object of
  // message 4.
  virtual void negotiated(Media m, const std::string &params_json) {
    (void) m;
    (void) params_json;
  }
  // Next item of media m; false: nothing more, ever. due_ms: when to send it, relative to the
  // stream's start (real-time pacing; also the order among media on one connection).
  virtual bool next(Media m, MediaItem &item, int64_t &due_ms) = 0;
  // Whether next() would not wait, for an encoder perhaps.
  virtual bool is_ready(Media m) {
    (void) m;
    return true;
  }
  // Next event of the meeting, sent before media that is due later and only if subscribed to.
  virtual bool next_event(EventItem &item, int64_t &due_ms) {
    (void) item;
    (void) due_ms;
    return false;
  }
  // Real-time pacing only, after a reconnect: what was due before due_ms is lost. Items returned
  // from `next` with an earlier due are dropped by the server, so overriding is an optimisation,
  // and the chance to start with a keyframe.
  virtual void skip_to(Media m, int64_t due_ms) {
    (void) m;
    (void) due_ms;
  }
  // Video with data_opt 4: the participant whose video is wanted, 0 for nobody.
  virtual void subscribed(uint64_t user_id) { (void) user_id; }
};

// Explicit items, each due at its timestamp minus the first one's (over all media).
class ListSource : public MediaSource {
 public:
  ListSource() = default;
  explicit ListSource(const std::vector<MediaItem> &items);
  void add(MediaItem item);
  void add_event(EventItem item);
  bool next(Media m, MediaItem &item, int64_t &due_ms) override;
  bool next_event(EventItem &item, int64_t &due_ms) override;

 private:
  int64_t due(int64_t timestamp);

  std::map<Media, std::deque<MediaItem>> items_;
  std::deque<EventItem> events_;
  int64_t first_ = INT64_MAX;
};

// Times of the meeting, from its start.
struct Span {
  int64_t from_ms = 0, to_ms = 0;
};

struct MeetingOptions {
  std::string file;                // media file to play instead of the made meeting
  int64_t duration_ms = 0;         // 0: endless, or the file's length
  int width = 1280, height = 720;  // where the negotiated parameters don't tell
  unsigned speakers = 2;
  int64_t start_timestamp = 0;  // Unix ms of the meeting's start; 0: now

  // How it does not go smoothly. Cameras and screen shares that go and come are told by events.
  std::map<Media, std::vector<Span>> off;  // nothing is sent then
  int jitter_ms = 0;                       // timestamps are off by up to so much, either way
  int64_t backlog_ms = 0;     // the audio of so long before all else comes at once, and first
  bool sizes_differ = false;  // every other speaker's camera is 4:3
  // Each line is sent once for each of these, with its "attribute": 0 none, 1 new, 2 update, 3
  // delete.
  std::vector<int> attributes;
  bool misspelt = false;  // Contact Center's events say "paticipant_info"
  bool channels = false;  // Contact Center: each party is heard separately, even in the mix
};
std::unique_ptr<MediaSource> make_meeting(const MeetingOptions &options);

}  // namespace rtmstest

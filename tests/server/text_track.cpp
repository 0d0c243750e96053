// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "json.h"
#include "track.h"

namespace rtmstest {

namespace {

// Something said or written every few seconds.
class TextTrack : public Track {
 public:
  TextTrack(const TrackOptions &options, Media media, int64_t interval_ms, int64_t first_ms)
      : cast_(options.cast), media_(media), interval_ms_(interval_ms), position_ms_(first_ms) {
    TextTrack::skip_to(options.from_ms);
  }

  bool next(MediaItem &item, int64_t &position_ms) override {
    const std::vector<int> none;
    const std::vector<int> &attributes = media_ == Media::Transcript ? cast_.attributes : none;
    position_ms = position_ms_ + static_cast<int64_t>(step_) * kStepMs;
    if (position_ms >= cast_.end_ms)
      return false;
    unsigned speaker = cast_.active(position_ms);
    item.media = media_;
    item.timestamp = cast_.start_timestamp + position_ms;
    item.user_id = Cast::user_id(speaker);
    item.user_name = Cast::user_name(speaker);
    std::string text = media_ == Media::Transcript ? sentence(item, position_ms_) : line(item);
    if (step_ < attributes.size())
      text = with_attribute(item, text, attributes[step_]);
    item.payload.assign(text.begin(), text.end());
    if (++step_ < attributes.size())
      return true;
    step_ = 0;
    position_ms_ += interval_ms_;
    return true;
  }

  void skip_to(int64_t position_ms) override {
    for (; position_ms_ < position_ms; position_ms_ += interval_ms_)
      step_ = 0;
  }

 private:
  static constexpr int64_t kStepMs = 300;

  static std::string with_attribute(MediaItem &item, const std::string &text, int attribute) {
    constexpr int kUpdate = 2;
    item.extra += "," + Members().num("attribute", attribute).text();
    return attribute == kUpdate ? text + " Corrected." : text;
  }

  // It is known once it has been said.
  std::string sentence(MediaItem &item, int64_t position_ms) const {
    constexpr int64_t kLengthMs = 1800;
    constexpr int64_t kEnglish = 9;
    int64_t end = cast_.start_timestamp + position_ms;
    int64_t start = end - std::min(kLengthMs, position_ms);
    item.extra =
        Members().num("start_time", start).num("end_time", end).num("language", kEnglish).text();
    return item.user_name + " says sentence " + std::to_string(position_ms / interval_ms_ + 1) +
           " at " + std::to_string(position_ms / 1000) + " s.";
  }

  std::string line(const MediaItem &item) const {
    return "Message " + std::to_string(position_ms_ / interval_ms_ + 1) + " from " +
           item.user_name + ": 👍 https://example.org/a/b";
  }

  const Cast &cast_;
  Media media_;
  int64_t interval_ms_, position_ms_;
  std::size_t step_ = 0;  // of the line's attributes
};

}  // namespace

std::unique_ptr<Track> make_transcript_track(const TrackOptions &options, JsonObject *) {
  return std::make_unique<TextTrack>(options, Media::Transcript, 2500, 2000);
}

std::unique_ptr<Track> make_chat_track(const TrackOptions &options, JsonObject *) {
  return std::make_unique<TextTrack>(options, Media::Chat, 7000, 1000);
}

}  // namespace rtmstest

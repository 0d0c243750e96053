// SPDX-License-Identifier: LGPL-2.1-or-later
// A made meeting of which a test changes each message before it is sent.
#pragma once

#include "source.h"

#include <functional>
#include <memory>
#include <utility>

namespace rtmscheck {

class ChangedMeeting final : public rtmstest::MediaSource {
 public:
  // Returns false to end that kind of media.
  using Change = std::function<bool(rtmstest::Media, rtmstest::MediaItem &, int64_t &due_ms)>;

  ChangedMeeting(const rtmstest::MeetingOptions &options, Change change)
      : meeting_(rtmstest::make_meeting(options)), change_(std::move(change)) {}
  void negotiated(rtmstest::Media media, const std::string &params) override {
    meeting_->negotiated(media, params);
  }
  bool next_event(rtmstest::EventItem &item, int64_t &due_ms) override {
    return meeting_->next_event(item, due_ms);
  }
  bool next(rtmstest::Media media, rtmstest::MediaItem &item, int64_t &due_ms) override {
    return meeting_->next(media, item, due_ms) && change_(media, item, due_ms);
  }

 private:
  const std::unique_ptr<rtmstest::MediaSource> meeting_;
  const Change change_;
};

}  // namespace rtmscheck

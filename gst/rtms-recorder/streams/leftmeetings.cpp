// SPDX-License-Identifier: LGPL-2.1-or-later
#include "leftmeetings.h"

#include "common/names.h"
#include "knownstreams.h"

#include <utility>

namespace rtms::recorder {

LeftMeetings::LeftMeetings(const std::string &output, Keeping *keeping,
                           const StreamHistory *history, Log *log)
    : keeping_(keeping), history_(history), log_(log), seen_(Keeping::folder_of(output), log) {}

void LeftMeetings::read(Found found, Held held) {
  state_ = State::Reading;
  const auto all_found = [this, found = std::move(found),
                          held = std::move(held)](std::vector<FoundMeeting> all) {
    for (FoundMeeting &one : all)
      pass(std::move(one), found);
    state_ = State::Read;
    for (const WebhookNotice &notice : std::exchange(held_, {}))
      held(notice);
  };
  seen_.load([this, all_found] { keeping_->find(all_found); });
}

void LeftMeetings::read_all(Found found) {
  keeping_->find([found = std::move(found)](std::vector<FoundMeeting> all) {
    for (FoundMeeting &one : all)
      found(std::move(one));
  });
}

bool LeftMeetings::hold(const WebhookNotice &notice) {
  if (state_ != State::Reading)
    return false;
  held_.push_back(notice);
  return true;
}

void LeftMeetings::look(const Found &found) {
  if (state_ == State::Read)
    keeping_->look([this, found](FoundMeeting one) { pass(std::move(one), found); });
}

void LeftMeetings::pass(FoundMeeting found, const Found &to) {
  if (history_->is_late(found.hook)) {
    keeping_->drop(std::move(found));
  } else if (found.age_s > KnownStreams::kWindow_s + Keeping::kTouch_s) {
    log_->write(Log::Level::Warning, "not-resumed", found.meeting.folder,
                "the recorder ended " + std::to_string(found.age_s) +
                    " s ago, and the service keeps a stream for " +
                    std::to_string(KnownStreams::kWindow_s) + " s: stream " +
                    shown(found.hook.stream_id) + " is not recorded any more");
    keeping_->drop(std::move(found));
  } else {
    to(std::move(found));
  }
}

}  // namespace rtms::recorder

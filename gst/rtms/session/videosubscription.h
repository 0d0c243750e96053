// SPDX-License-Identifier: LGPL-2.1-or-later
// Which participant's video the service is asked for. Pure: makes the requests, sends none; the
// time is an argument.
#pragma once

#include "error.h"
#include "protocol/types.h"

#include <cstdint>
#include <optional>
#include <string>

namespace rtms {

class VideoSubscription {
 public:
  explicit VideoSubscription(DataOpt asked) : asked_(asked), granted_(asked) {}

  // What the service gives of video.
  void granted(DataOpt option) { granted_ = option; }
  // A new signaling connection owes no answers.
  void forget_requests() { unanswered_ = 0; }

  // Remembers what is wanted, over reconnects. Why it cannot be had, where it cannot.
  std::optional<SessionError> want(uint64_t user_id, bool subscribe);
  // The request for that.
  std::string request(uint64_t user_id, bool subscribe, int64_t unix_ms);
  // A new media connection knows nothing of what an earlier one, or none yet, was asked for: what
  // is to be requested again.
  std::optional<std::string> renewal(int64_t unix_ms);

  enum class Answer { Unasked, Fine, Refused };
  Answer answered(const VideoSubscriptionResponse &response);

 private:
  DataOpt asked_, granted_;
  std::optional<uint64_t> wanted_;   // the participant
  std::optional<uint64_t> renewed_;  // the same, requested again and not answered
  unsigned unanswered_ = 0;
};

}  // namespace rtms

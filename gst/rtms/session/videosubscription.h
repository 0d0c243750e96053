// SPDX-License-Identifier: LGPL-2.1-or-later
// The participant whose video is requested from the service. Pure: builds the requests, sends none;
// the time is an argument.
#pragma once

#include "error.h"
#include "protocol/types.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace rtms {

class VideoSubscription {
 public:
  explicit VideoSubscription(DataOpt asked) : asked_(asked), granted_(asked) {}

  // The service granted this data option for video.
  void granted(DataOpt option) { granted_ = option; }
  // A new signaling connection has no subscription, and answers no earlier requests.
  void forget_requests();

  // Stores the request, for reconnects too. Returns why it is impossible, or nothing.
  std::optional<SessionError> want(uint64_t user_id, bool subscribe);
  // Builds the request.
  std::string request(uint64_t user_id, bool subscribe, int64_t unix_ms);
  // Returns the request to send for a new media connection: to subscribe again, or what was asked
  // for while there was no connection; nothing if there is none.
  std::optional<std::string> renewal(int64_t unix_ms);

  enum class Answer { Unasked, Fine, Refused };
  Answer answered(const VideoSubscriptionResponse &response);

 private:
  bool is_requested(uint64_t user_id) const;

  DataOpt asked_, granted_;
  std::optional<uint64_t> wanted_;   // the participant
  std::optional<uint64_t> shown_;    // the participant whose video the service sends
  std::optional<uint64_t> dropped_;  // the participant to unsubscribe from with the next connection
  std::optional<uint64_t> renewed_;  // the participant requested again, without an answer yet
  struct Request {
    uint64_t user_id;
    bool subscribe;
  };
  std::deque<Request> unanswered_;  // the oldest first
};

}  // namespace rtms

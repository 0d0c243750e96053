// SPDX-License-Identifier: LGPL-2.1-or-later
#include "videosubscription.h"

#include "protocol/build.h"

#include <algorithm>

namespace rtms {

void VideoSubscription::forget_requests() {
  unanswered_.clear();
  dropped_.reset();
}

bool VideoSubscription::is_requested(uint64_t user_id) const {
  return shown_ == user_id ||
         std::any_of(unanswered_.begin(), unanswered_.end(), [user_id](const Request &one) {
           return one.subscribe && one.user_id == user_id;
         });
}

std::optional<SessionError> VideoSubscription::want(uint64_t user_id, bool subscribe) {
  if (asked_ != DataOpt::VideoIndividual || granted_ != DataOpt::VideoIndividual)
    return plain_error(SessionError::Kind::Unsuitable,
                       "subscribe-video has no effect: it requires video in media-types, "
                       "video-streams=individual, and a service that grants individual video.");
  if (subscribe)
    dropped_.reset();  // a newer subscription replaces the older
  else if (is_requested(user_id))
    dropped_ = user_id;
  if (subscribe)
    wanted_ = user_id;
  else if (wanted_ == user_id)
    wanted_.reset();
  if (!subscribe && shown_ == user_id)
    shown_.reset();
  return std::nullopt;
}

std::string VideoSubscription::request(uint64_t user_id, bool subscribe, int64_t unix_ms) {
  unanswered_.push_back({user_id, subscribe});
  dropped_.reset();
  return build_video_subscription(user_id, subscribe, unix_ms);
}

std::optional<std::string> VideoSubscription::renewal(int64_t unix_ms) {
  renewed_ = wanted_;
  shown_.reset();
  const std::optional<uint64_t> user = wanted_ ? wanted_ : dropped_;
  if (!user || granted_ != DataOpt::VideoIndividual)
    return std::nullopt;
  return request(*user, wanted_.has_value(), unix_ms);
}

VideoSubscription::Answer VideoSubscription::answered(const VideoSubscriptionResponse &response) {
  if (unanswered_.empty())
    return Answer::Unasked;
  // The answer may name what it answers; without `subscribe`, it seems to be one to a subscription.
  const auto named = [&](const Request &one) {
    return one.user_id == response.user_id && (response.subscribe || !one.subscribe);
  };
  auto found = std::find_if(unanswered_.begin(), unanswered_.end(), named);
  found = found == unanswered_.end() ? unanswered_.begin() : found;
  const Request asked = *found;
  unanswered_.erase(found);
  const bool renewed = asked.subscribe && renewed_ == asked.user_id;
  if (renewed)
    renewed_.reset();
  if (response.status == 0) {
    if (asked.subscribe)
      shown_ = asked.user_id;
    else if (shown_ == asked.user_id)
      shown_.reset();
    return Answer::Fine;
  }
  // The service kept the subscription, as requested.
  const bool duplicate =
      response.status == static_cast<int64_t>(StatusCode::DuplicateVideoSubscription);
  if (renewed && duplicate) {
    shown_ = asked.user_id;
    return Answer::Fine;
  }
  // After a fault of the service the subscription is requested again with the next connection.
  const bool fault = response.status == static_cast<int64_t>(StatusCode::InternalException);
  // A refused subscription replaces none.
  if (!duplicate && !fault && asked.subscribe && wanted_ == asked.user_id)
    wanted_ = shown_ == asked.user_id ? std::nullopt : shown_;
  return Answer::Refused;
}

}  // namespace rtms

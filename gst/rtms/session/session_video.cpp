// SPDX-License-Identifier: LGPL-2.1-or-later
// Which participant's video the service is asked for.
#include "protocol/build.h"
#include "session.h"

namespace rtms {

void Session::subscribe_video(uint64_t user_id, bool subscribe) {
  if (over_ || ending_)
    return;
  const bool individual = config_.params.video.data_opt == DataOpt::VideoIndividual &&
                          video_data_opt_ == DataOpt::VideoIndividual;
  if (!individual || !(config_.media & media_bit(Media::Video))) {
    listener_->session_warning(
        plain_error(SessionError::Kind::Unsuitable,
                    "subscribe-video does nothing here: it needs video in media-types, "
                    "video-streams=individual, and a service that gives individual video."));
    return;
  }
  if (subscribe)
    wanted_video_ = user_id;
  else if (wanted_video_ == user_id)
    wanted_video_.reset();
  // Otherwise it is sent when there is a connection that it goes with.
  if (video_is_ready())
    send_subscription(user_id, subscribe);
}

bool Session::video_is_ready() const {
  for (auto &link : links_)
    if (link->media & media_bit(Media::Video))
      return link->established && link->ready;
  return false;
}

void Session::send_subscription(uint64_t user_id, bool subscribe) {
  subscriptions_asked_++;
  signaling_->send(build_video_subscription(user_id, subscribe, g_get_real_time() / 1000));
}

// A new connection knows nothing of what an earlier one, or none yet, was asked for.
void Session::renew_subscription() {
  renewed_video_ = wanted_video_;
  if (wanted_video_)
    send_subscription(*wanted_video_, true);
}

void Session::subscription_answered(const Connection *connection,
                                    const VideoSubscriptionResponse &response) {
  if (subscriptions_asked_ == 0) {
    unasked(connection);
    return;
  }
  subscriptions_asked_--;
  const bool renewed = renewed_video_ == response.user_id;
  if (renewed)
    renewed_video_.reset();
  if (response.status == 0)
    return;
  // The service has kept it: just what was asked for.
  const bool duplicate =
      response.status == static_cast<int64_t>(StatusCode::DuplicateVideoSubscription);
  if (renewed && duplicate)
    return;
  if (!duplicate && response.subscribe && wanted_video_ == response.user_id)
    wanted_video_.reset();
  listener_->session_warning(status_error("video subscription", response.status, response.reason));
}

}  // namespace rtms

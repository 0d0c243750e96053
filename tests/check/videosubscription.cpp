// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose camera is asked for, and asked for again: after losses and refusals.
#include "session/videosubscription.h"

#include "gst_check.h"

using namespace rtms;
using Answer = VideoSubscription::Answer;

namespace {

constexpr uint64_t kUser = 33;
constexpr int64_t kNow_ms = 1738392033699;

Answer answer(VideoSubscription *video, int64_t status, uint64_t user_id = kUser) {
  VideoSubscriptionResponse response;
  response.user_id = user_id;
  response.subscribe = true;
  response.status = status;
  return video->answered(response);
}

void ask(VideoSubscription *video, uint64_t user_id = kUser) {
  fail_if(video->want(user_id, true).has_value());
  video->request(user_id, true, kNow_ms);
}

}  // namespace

// A fault of the service passes: the camera is asked for with the next connection. Another refusal
// would be repeated.
GST_START_TEST(test_refused) {
  const struct {
    int64_t status;
    bool again;
  } rows[] = {{45, true}, {44, true}, {7, false}, {17, false}};
  for (const auto &row : rows) {
    VideoSubscription video(DataOpt::VideoIndividual);
    ask(&video);
    fail_unless(answer(&video, row.status) == Answer::Refused);
    fail_unless(video.renewal(kNow_ms).has_value() == row.again, "status %d",
                static_cast<int>(row.status));
  }
}
GST_END_TEST;

// The service keeps a subscription while the media connection is away: it is told of its end then.
GST_START_TEST(test_unsubscribed_while_away) {
  VideoSubscription video(DataOpt::VideoIndividual);
  ask(&video);
  if (__i__ == 0)  // or the answer has not come yet
    fail_unless(answer(&video, 0) == Answer::Fine);
  fail_if(video.want(kUser, false).has_value());
  const auto request = video.renewal(kNow_ms);
  fail_unless(request && request->find("\"subscribe\":false") != std::string::npos);
  fail_if(video.renewal(kNow_ms).has_value());
  // On a new signaling connection there is nothing to end.
  ask(&video);
  fail_if(video.want(kUser, false).has_value());
  video.forget_requests();
  fail_if(video.renewal(kNow_ms).has_value());
  // Another camera takes the place.
  ask(&video);
  fail_if(video.want(kUser, false).has_value());
  fail_if(video.want(kUser + 1, true).has_value());
  const auto other = video.renewal(kNow_ms);
  fail_unless(other && other->find("\"subscribe\":true") != std::string::npos);
}
GST_END_TEST;

// The new connection may grant the active speaker alone: then the service knows no such request.
GST_START_TEST(test_granted_otherwise) {
  VideoSubscription video(DataOpt::VideoIndividual);
  ask(&video);
  fail_unless(answer(&video, 0) == Answer::Fine);
  video.granted(DataOpt::VideoActiveSpeaker);
  fail_if(video.renewal(kNow_ms).has_value());
  video.granted(DataOpt::VideoIndividual);
  fail_unless(video.renewal(kNow_ms).has_value());
}
GST_END_TEST;

// A newer subscription that is refused does not end the older one.
GST_START_TEST(test_refused_replacement) {
  constexpr uint64_t kOther = 34;
  VideoSubscription video(DataOpt::VideoIndividual);
  ask(&video);
  fail_unless(answer(&video, 0) == Answer::Fine);
  ask(&video, kOther);
  fail_unless(answer(&video, 4, kOther) == Answer::Refused);
  const auto again = video.renewal(kNow_ms);
  fail_unless(again && again->find(std::to_string(kUser)) != std::string::npos);
  fail_unless(answer(&video, 0) == Answer::Fine);
  // An answer need not tell what it answers: here, the end of a subscription.
  VideoSubscription brief(DataOpt::VideoIndividual);
  ask(&brief);
  fail_if(brief.want(kUser, false).has_value());
  brief.request(kUser, false, kNow_ms);
  fail_unless(answer(&brief, 0) == Answer::Fine);
  fail_unless(answer(&brief, 0) == Answer::Fine);
  ask(&brief, kOther);
  fail_unless(answer(&brief, 4, kOther) == Answer::Refused);
  fail_if(brief.renewal(kNow_ms).has_value());
  // Nor does the older one come back after its own end.
  fail_if(video.want(kUser, false).has_value());
  ask(&video, kOther);
  fail_unless(answer(&video, 4, kOther) == Answer::Refused);
  fail_if(video.renewal(kNow_ms).has_value());
}
GST_END_TEST;

static Suite *videosubscription_suite() {
  Suite *suite = suite_create("videosubscription");
  TCase *tcase = tcase_create("subscription");
  tcase_add_test(tcase, test_refused);
  tcase_add_loop_test(tcase, test_unsubscribed_while_away, 0, 2);
  tcase_add_test(tcase, test_granted_otherwise);
  tcase_add_test(tcase, test_refused_replacement);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(videosubscription)

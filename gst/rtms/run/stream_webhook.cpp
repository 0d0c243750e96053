// SPDX-License-Identifier: LGPL-2.1-or-later
// A run that waits for a webhook, and follows those that come later.
#include "listen.h"
#include "messages.h"
#include "stream.h"

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {

void Stream::listen() {
  listener_->start(&log_, thread_->operations(),
                   [this](const WebhookNotice &notice) { webhook(notice); });
}

void Stream::webhook(const WebhookNotice &notice) {
  const Webhook &hook = notice.hook;
  GST_INFO_OBJECT(element_, "webhook %s for stream %s", hook.event.c_str(), hook.stream_id.c_str());
  if (over_)
    return;
  if (!session_) {
    if (notice.event == WebhookEvent::Started)
      announced(notice);
    return;
  }
  if (hook.stream_id != stream_id_) {
    GST_INFO_OBJECT(element_, "that is another stream: ignored");
    return;
  }
  switch (notice.event) {
    case WebhookEvent::Started:
      announced_again(notice);
      break;
    case WebhookEvent::Interrupted:
      session_->signaling_interrupted();
      break;
    case WebhookEvent::Stopped:
      session_->stream_stopped();
      break;
    case WebhookEvent::Other:
      break;
  }
}

void Stream::announced(const WebhookNotice &notice) {
  if (!is_wanted(settings_, notice.hook)) {
    GST_INFO_OBJECT(element_, "that is another meeting: ignored");
    return;
  }
  Settings settings = settings_;
  settings.webhook = notice.json;
  auto checked = session_config(settings);
  if (auto bad = std::get_if<BadSetting>(&checked)) {
    over_ = true;
    post_progress(element_, GST_PROGRESS_TYPE_ERROR, bad->text.c_str());
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", bad->text.c_str()), (nullptr));
    return;
  }
  start(std::get<SessionConfig>(std::move(checked)));
}

void Stream::announced_again(const WebhookNotice &notice) {
  auto result = rejoin_config(settings_, notice.json, stream_id_);
  if (auto bad = std::get_if<BadSetting>(&result)) {
    GST_ELEMENT_WARNING(element_, RESOURCE, SETTINGS, ("Rejoining failed: %s", bad->text.c_str()),
                        (nullptr));
    return;
  }
  const SessionConfig &config = std::get<SessionConfig>(result);
  session_->rejoin(config.signaling_url, config.who.signature);
}

}  // namespace rtms

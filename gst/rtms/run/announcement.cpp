// SPDX-License-Identifier: LGPL-2.1-or-later
#include "announcement.h"

#include "debug.h"
#include "listen.h"
#include "messages.h"
#include "sessionconfig.h"
#include "stream.h"

#include <algorithm>

#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {

Announcement::Announcement(GstElement *element, const Settings &settings, Stream *stream,
                           std::unique_ptr<WebhookListener> listener, const SessionConfig *known)
    : element_(element),
      settings_(settings),
      stream_(stream),
      listener_(std::move(listener)),
      url_(listener_ ? listener_->url() : ""),
      stream_id_(known ? known->who.stream_id : ""),
      meeting_(known ? known->who.id : ""),
      announced_ms_(known ? known->announced_ms : 0) {}

void Announcement::listen(LogSink *log) {
  listener_->start(log, [this](const WebhookNotice &told) { notice(told.event, told.hook); });
}

void Announcement::notice(WebhookEvent event, const Webhook &hook) {
  GST_INFO_OBJECT(element_, "webhook %s for stream %s", hook.event.c_str(), hook.stream_id.c_str());
  if (stream_->is_over())
    return;
  Session *session = stream_->session();
  if (!session) {
    if (event == WebhookEvent::Started)
      announced(hook);
    return;
  }
  stream_id_ = session->who().stream_id;
  const bool another = hook.stream_id != stream_id_;
  if (another && event == WebhookEvent::Started && hook.id == meeting_) {
    announced_as_another(hook);
    return;
  }
  if (another) {
    GST_INFO_OBJECT(element_, "webhook for another stream ignored");
    return;
  }
  switch (event) {
    case WebhookEvent::Started:
      announced_again(hook);
      break;
    case WebhookEvent::Interrupted:
      session->signaling_doubted();
      break;
    case WebhookEvent::Stopped:
      if (is_earlier_end(hook, announced_ms_))
        GST_INFO_OBJECT(element_, "the end of an earlier stream with that id ignored");
      else
        session->stream_stopped(hook.stopped ? &*hook.stopped : nullptr);
      break;
    case WebhookEvent::Other:
      break;
  }
}

void Announcement::announced(const Webhook &hook) {
  if (!is_wanted(settings_, hook)) {
    GST_INFO_OBJECT(element_, "webhook for another meeting ignored");
    return;
  }
  auto checked = session_config(settings_, hook);
  if (auto bad = std::get_if<BadSetting>(&checked)) {
    SessionError error;
    error.kind = SessionError::Kind::Unsuitable;
    error.text = bad->text;
    stream_->session_failed(error);
    return;
  }
  stream_id_ = hook.stream_id;
  meeting_ = hook.id;
  announced_ms_ = hook.event_ts;
  stream_->connect(std::get<SessionConfig>(std::move(checked)));
}

// At another URL the service has recovered from a failure; at the same URL it repeats an
// announcement.
void Announcement::announced_again(const Webhook &hook) {
  announced_ms_ = std::max(announced_ms_, hook.event_ts);
  auto result = rejoin_config(settings_, hook, &stream_->session()->who());
  if (auto bad = std::get_if<BadSetting>(&result))
    return post_rejoin_warning(element_, bad->text);
  stream_->session()->announced_again(std::get<SessionConfig>(result), false);
}

// Some failures of the service cause this. The current stream continues while it lives.
void Announcement::announced_as_another(const Webhook &hook) {
  post_new_stream(element_, hook.stream_id);
  Settings settings = settings_;
  settings.signature = Secret();  // it is for the other stream
  auto result = rejoin_config(settings, hook, nullptr);
  if (auto bad = std::get_if<BadSetting>(&result))
    return post_rejoin_warning(element_, bad->text);
  stream_->session()->announced_again(std::get<SessionConfig>(result), false);
}

std::optional<BadSetting> Announcement::rejoin(const Settings &settings, const Webhook &hook) {
  Session *session = stream_->session();
  if (!session)
    return BadSetting{"The element has no stream yet: it waits for the service to announce one."};
  stream_id_ = session->who().stream_id;
  auto result = rejoin_config(settings, hook, &session->who());
  if (auto bad = std::get_if<BadSetting>(&result))
    return *bad;
  session->announced_again(std::get<SessionConfig>(result), true);
  return std::nullopt;
}

}  // namespace rtms

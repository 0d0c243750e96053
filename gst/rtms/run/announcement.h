// SPDX-License-Identifier: LGPL-2.1-or-later
// The webhook's part of a run: waits for the announcement of the stream, and handles later webhooks
// about it.
#pragma once

#include "settings.h"
#include "webhook/listener.h"

#include <memory>
#include <optional>
#include <string>

namespace rtms {

class Stream;
struct SessionConfig;

class Announcement {
 public:
  // `listener` is null if the properties name the stream; `known` is its configuration then.
  Announcement(GstElement *element, const Settings &settings, Stream *stream,
               std::unique_ptr<WebhookListener> listener, const SessionConfig *known);

  // Any thread. Returns the URL of the listener; empty without one.
  const std::string &url() const { return url_; }

  // On the loop thread:
  void listen(LogSink *log);
  void close() { listener_.reset(); }
  // Handles a webhook about a stream, whoever received it.
  void notice(WebhookEvent event, const Webhook &hook);
  // Moves the stream to the URLs of this webhook. Returns why that is impossible, or nothing.
  std::optional<BadSetting> rejoin(const Settings &settings, const Webhook &hook);

 private:
  void announced(const Webhook &hook);
  void announced_again(const Webhook &hook);
  void announced_as_another(const Webhook &hook);

  GstElement *element_;
  const Settings settings_;
  Stream *stream_;
  std::unique_ptr<WebhookListener> listener_;
  const std::string url_;
  std::string stream_id_, meeting_;  // empty before a stream is announced
  int64_t announced_ms_;             // event_ts of the newest announcement; 0: unknown
};

}  // namespace rtms

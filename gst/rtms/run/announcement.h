// SPDX-License-Identifier: LGPL-2.1-or-later
// The webhook's part of a run: waits for the stream to be announced, and follows what the service
// says about it later.
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
  // `listener` is null where the properties name the stream, which is `known` then.
  Announcement(GstElement *element, const Settings &settings, Stream *stream,
               std::unique_ptr<WebhookListener> listener, const SessionConfig *known);

  // The URL that is listened at; empty where there is none. Any thread.
  const std::string &url() const { return url_; }

  // From here on: on the loop thread.
  void listen(LogSink *log);
  void close() { listener_.reset(); }
  // What the service says about a stream, whoever took its request.
  void notice(WebhookEvent event, const Webhook &hook);
  // The application wants the stream to go on where this webhook says. Returns why it cannot.
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
};

}  // namespace rtms

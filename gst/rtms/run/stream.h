// SPDX-License-Identifier: LGPL-2.1-or-later
// One run of rtmssrc, from the state change to PAUSED until the one to READY: a loop thread, the
// session on it, and the pads.
#pragma once

#include "base/beforepoll.h"
#include "base/loopthread.h"
#include "output/outputs.h"
#include "output/stats.h"
#include "session/session.h"
#include "settings.h"
#include "transport/websocket.h"
#include "webhook/listener.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

namespace rtms {

// Writes the session's log lines to GStreamer's log.
class ElementLog final : public LogSink {
 public:
  explicit ElementLog(GstElement *element) : element_(element) {}
  bool enabled(Level level) const override;
  void write(Level level, const std::string &text) override;

 private:
  GstElement *element_;
};

// Which stream it is is known, or a webhook will tell.
using StreamStart = std::variant<SessionConfig, std::unique_ptr<WebhookListener>>;

// Made, used and destroyed on application threads.
class Stream final : public SessionListener {
 public:
  Stream(GstElement *element, const Settings &settings, StreamStart how);
  // Closes the connections, ends the thread, removes the pads. Takes less than a second, whatever
  // the network does.
  ~Stream() override;

  void set_playing(bool playing);
  void set_latency(GstClockTime latency) { outputs_.latency()->min = latency; }
  // EOS on each pad behind what waits there, then the connections are closed.
  void send_eos();
  void subscribe_video(uint64_t user_id, bool subscribe);
  void close_stream();
  // The stream goes on at another URL.
  void rejoin(const SessionConfig &config);
  // What the service tells of the stream, from whoever takes its webhooks.
  void notify(WebhookNotice notice);
  // Empty while there is none.
  std::string stream_id();
  // Where webhooks are listened for; empty where they are not.
  const std::string &webhook_url() const { return webhook_url_; }
  StructurePtr stats();
  void answer_latency(GstQuery *query) const { outputs_.latency()->answer(query); }
  // True on the loop thread, which cannot wait for its own end.
  bool is_own_thread() const { return thread_->is_current(); }

 private:
  void session_connection(ConnectionState state, MediaMask media, unsigned attempt) override;
  void session_negotiated(Media media, const MediaParams &params) override;
  void session_all_negotiated() override;
  void session_media(const MediaData &data) override;
  void session_event(const EventUpdate &event) override;
  void session_stream_state(const StreamStateUpdate &update) override;
  void session_session_state(const SessionStateUpdate &update) override;
  void session_media_lost(MediaMask media) override;
  void session_keep_alive(MediaMask media) override;
  void session_ignored(const std::string &what) override;
  void session_warning(const SessionError &warning) override;
  void session_failed(const SessionError &error) override;
  void session_ended() override;

  void listen();
  void start(SessionConfig config);
  void webhook(const WebhookNotice &notice);
  void announced(const WebhookNotice &notice);
  void announced_again(const WebhookNotice &notice);
  void shut_down();
  void finished();
  void end(const char *why);
  void close_later();
  void downstream_stopped(GstFlowReturn flow);

  GstElement *element_;
  const Settings settings_;
  ElementLog log_;
  Stats stats_;
  Roster roster_;
  Outputs outputs_;
  bool over_ = false;      // ended or failed
  bool released_ = false;  // it has played
  bool progress_told_ = false;
  bool signaled_ = false;   // the signaling connection has worked before
  MediaMask streamed_ = 0;  // the media connections that have

  std::unique_ptr<BeforePoll> before_poll_;
  std::unique_ptr<WebSocketFactory> transports_;
  std::unique_ptr<Session> session_;  // null while a webhook is waited for
  std::unique_ptr<WebhookListener> listener_;
  const std::string webhook_url_;
  Product product_ = Product::Meeting;

  std::mutex mutex_;
  std::string stream_id_;
  std::condition_variable down_changed_;
  bool down_ = false;

  const std::shared_ptr<LoopThread> thread_;
};

}  // namespace rtms

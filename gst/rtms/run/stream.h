// SPDX-License-Identifier: LGPL-2.1-or-later
// The session of a run and its pads, which do not know each other.
#pragma once

#include "base/beforepoll.h"
#include "base/timer.h"
#include "debug.h"
#include "output/outputs.h"
#include "pad/stats.h"
#include "progress.h"
#include "session/session.h"
#include "settings.h"
#include "transport/websocket.h"

#include <functional>
#include <memory>

namespace rtms {

class LoopThread;

// Used on the loop thread, except where noted.
class Stream final : public SessionListener {
 public:
  Stream(GstElement *element, const Settings &settings, Stats *stats, LoopThread *thread);

  // Any thread, where their methods allow it.
  Outputs &outputs() { return outputs_; }
  // Any thread, before the loop thread uses this object.
  Progress &progress() { return progress_; }

  // Is called once, with the stream to connect to.
  void connect(SessionConfig config);
  // The pipeline plays, and its running time begins after that: then media may arrive.
  void release(GstClockTime in);
  // Returns null before connect().
  Session *session() { return session_.get(); }
  // True after the end, a failure or shut_down().
  bool is_over() const { return over_; }
  // Queues EOS on each pad, then closes the connections.
  void end(const char *why, guint32 seqnum = GST_SEQNUM_INVALID);
  // Closes the connections in order, then calls `done`, within less than a second.
  void shut_down(std::function<void()> done);

  void session_failed(const SessionError &error) override;

 private:
  void session_connection(ConnectionState state, MediaMask media, unsigned attempt) override;
  void session_first_retry(const SessionError &why, unsigned attempt) override;
  void session_planned(MediaMask media) override { outputs_.planned(media); }
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
  void session_media_ended(MediaMask media, const SessionError &why) override;
  void session_ended() override;

  GstElement *element_;
  const Settings settings_;
  LoopThread *thread_;
  CategoryLog session_log_;
  Stats *stats_;
  Roster roster_;
  Outputs outputs_;
  Progress progress_;
  bool over_ = false;
  Timer release_;
  bool released_ = false;   // has played
  bool signaled_ = false;   // the signaling connection was established before
  MediaMask streamed_ = 0;  // media connections that were established before

  std::unique_ptr<BeforePoll> before_poll_;
  std::unique_ptr<WebSocketFactory> transports_;
  std::unique_ptr<Session> session_;
  Product product_ = Product::Meeting;
};

}  // namespace rtms

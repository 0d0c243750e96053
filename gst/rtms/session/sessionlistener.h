// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session is told when it starts, and what it tells.
#pragma once

#include "base/permit.h"
#include "error.h"
#include "protocol/types.h"
#include "retry.h"

#include <memory>
#include <string>

namespace rtms {

struct SessionConfig {
  std::string signaling_url;
  Identity who;
  MediaMask media = 0;
  bool unified = false;
  bool buffer_data = false;
  bool allow_insecure = false;
  MediaParams params;
  unsigned timeout_ms = 10000;
  unsigned keep_alive_timeout_ms = 0;              // 0: by the server's own pace
  Retry::Limits connect_retry{20000, 1000, 4000};  // of each connection's first handshake
  Retry::Limits signaling_retry{60000, 1000, 30000};
  Retry::Limits media_retry{65000, 1000, 30000};
  // Past it nothing is sent, and no connection is made. Null: there is none.
  std::shared_ptr<const Permit> permit;

  bool is_forbidden() const { return permit && permit->is_over(); }
};

enum class ConnectionState {
  Connecting,
  Streaming,
  Reconnecting,
  Closed,
  Silent,  // connected, but no media has come for a while
};

// All calls come on the session's thread. None may destroy the session.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  // `media` is 0 for the signaling connection; `attempt` counts the tries since a loss.
  virtual void session_connection(ConnectionState state, MediaMask media, unsigned attempt) = 0;
  // A connection that has not worked yet is tried again for the `attempt`-th time.
  virtual void session_first_retry(const SessionError &why, unsigned attempt) = 0;
  // Comes before any media of that kind; again after each reconnect.
  virtual void session_negotiated(Media media, const MediaParams &params) = 0;
  // Every media connection has answered once.
  virtual void session_all_negotiated() = 0;
  virtual void session_media(const MediaData &data) = 0;
  virtual void session_event(const EventUpdate &event) = 0;
  virtual void session_stream_state(const StreamStateUpdate &update) = 0;
  virtual void session_session_state(const SessionStateUpdate &update) = 0;
  // What comes next of these media does not follow what came before.
  virtual void session_media_lost(MediaMask media) = 0;
  virtual void session_keep_alive(MediaMask media) = 0;
  // A message that was not understood, or that is not for us.
  virtual void session_ignored(const std::string &what) = 0;
  virtual void session_warning(const SessionError &warning) = 0;
  // These media cannot be had, or not any more: nothing of them comes again. Others go on.
  virtual void session_media_ended(MediaMask media, const SessionError &why) = 0;
  // The session is over: nothing but stop() makes sense any more.
  virtual void session_failed(const SessionError &error) = 0;
  virtual void session_ended() = 0;
};

}  // namespace rtms

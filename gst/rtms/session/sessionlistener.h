// SPDX-License-Identifier: LGPL-2.1-or-later
// The parameters of a session, and its events.
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
  int64_t announced_ms = 0;  // Unix time of the announcement with that URL; 0: unknown
  Identity who;
  MediaMask media = 0;
  bool unified = false;
  bool buffer_data = false;
  bool allow_insecure = false;
  MediaParams params;
  unsigned timeout_ms = 10000;
  unsigned keep_alive_timeout_ms = 0;              // 0: by the pace of the server's keep-alives
  Retry::Limits connect_retry{20000, 1000, 4000};  // of each connection's first handshake
  Retry::Limits signaling_retry{60000, 1000, 30000};
  Retry::Limits media_retry{65000, 1000, 30000};
  // After the permit nothing is sent, and no connection is made. Null: no limit.
  std::shared_ptr<const Permit> permit;

  bool is_forbidden() const { return permit && permit->is_over(); }
};

enum class ConnectionState {
  Connecting,
  Streaming,
  Reconnecting,
  Closed,
  Silent,  // connected, but no media for 30 s
};

// All calls are made on the session's thread. None may destroy the session.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  // `media` is 0 for the signaling connection; `attempt` counts the tries since a loss.
  virtual void session_connection(ConnectionState state, MediaMask media, unsigned attempt) = 0;
  // A connection that has not succeeded yet is tried again, for the `attempt`-th time.
  virtual void session_first_retry(const SessionError &why, unsigned attempt) = 0;
  // The service offers connections of these media. session_negotiated() or session_media_ended()
  // follows for each.
  virtual void session_planned(MediaMask media) = 0;
  // Is called before any media of that kind, and after each reconnect.
  virtual void session_negotiated(Media media, const MediaParams &params) = 0;
  // Every media connection has answered once.
  virtual void session_all_negotiated() = 0;
  virtual void session_media(const MediaData &data) = 0;
  virtual void session_event(const EventUpdate &event) = 0;
  virtual void session_stream_state(const StreamStateUpdate &update) = 0;
  virtual void session_session_state(const SessionStateUpdate &update) = 0;
  // Following media of these kinds do not continue the media before.
  virtual void session_media_lost(MediaMask media) = 0;
  virtual void session_keep_alive(MediaMask media) = 0;
  // A message was not understood, or is not meant for a client.
  virtual void session_ignored(const std::string &what) = 0;
  virtual void session_warning(const SessionError &warning) = 0;
  // These media are refused or have ended, for good. Other media continue.
  virtual void session_media_ended(MediaMask media, const SessionError &why) = 0;
  // The session is over: only stop() may be called.
  virtual void session_failed(const SessionError &error) = 0;
  virtual void session_ended() = 0;
};

}  // namespace rtms

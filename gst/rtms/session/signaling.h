// SPDX-License-Identifier: LGPL-2.1-or-later
// The signaling connection: its handshake, losses and retries.
#pragma once

#include "base/timer.h"
#include "connection.h"
#include "retry.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace rtms {

class SignalingListener {
 public:
  virtual ~SignalingListener() = default;
  virtual void signaling_established(const SignalingResponse &response) = 0;
  // All connections must be closed, `old` included, if not null.
  virtual void leave(std::unique_ptr<Connection> old, bool replaced) = 0;
  // The next try is due.
  virtual void start_over() = 0;
  virtual void media_ended(MediaMask media, const SessionError &why) = 0;
  virtual void fail(const SessionError &why) = 0;
  // The connection has ended with the stream or the session.
  virtual void connection_gone() = 0;
};

class Signaling final : public ConnectionListener {
 public:
  // In the order of a life. From Connecting to Closing there is a connection, else none.
  enum class State {
    Idle,
    Waiting,      // for the next try
    Connecting,   // until the answer to the handshake
    Established,  // the handshake succeeded
    Draining,     // the stream is over
    Closing,
    Ended,
  };

  Signaling(SessionContext *context, SignalingListener *listener);

  State state() const { return static_cast<State>(life_.index()); }
  bool has_connection() const;

  // Only in state Idle.
  void open();
  // Does nothing unless the connection is established.
  void send(const std::string &text);
  // Sets the stream to join if the server of this one cannot be reached, or another server of this
  // stream: when the present one is lost, and does not answer at once, each try is followed by one
  // there.
  void set_successor(SessionConfig with);
  // Starts a pending try at once.
  void hurry();
  // The service reports that the connection is lost: a ping checks that; a pending try starts at
  // once.
  void reported_lost();
  // Hands the connection over, if there is one, and forgets earlier losses.
  std::unique_ptr<Connection> leave();
  // The stream is over: no further tries.
  void retire();
  void close();
  // Closes without waiting for the service.
  void drop();
  // Returns what is wrong with the state, for tests; null if nothing is.
  const char *violation() const;

 private:
  template <State>
  struct Without {};
  template <State>
  struct With : Connected {
    using Connected::Connected;
  };
  struct Waiting {
    Timer timer;
  };
  using Life =
      std::variant<Without<State::Idle>, Waiting, With<State::Connecting>, With<State::Established>,
                   With<State::Draining>, With<State::Closing>, Without<State::Ended>>;

  void connection_message(Connection *connection, const Message &message) override;
  void connection_lost(Connection *connection, const SessionError &why) override;
  void connection_closed(Connection *connection) override;

  void answered(const SignalingResponse &response);
  bool sign_otherwise();
  bool join_successor();
  void note_loss();
  void refused(const SessionError &why);
  void lost(const SessionError &why);
  std::unique_ptr<Connection> wait(unsigned delay_ms);
  Connected *connected();
  // The connection moves into the next state, or is returned if that state has none.
  template <State S>
  std::unique_ptr<Connection> enter(std::unique_ptr<Connection> connection = nullptr);

  SessionContext *context_;
  SignalingListener *listener_;
  Life life_;
  Retry retry_;
  std::optional<SessionConfig> successor_;
  int64_t successor_us_ = 0, lost_us_ = 0;  // monotonic: its announcement; the last loss
  struct Server {
    std::string url;
    int64_t announced_ms;  // by the service's clock
    int64_t since_us;      // monotonic: when it became known
  };
  std::optional<Server> other_server_;
  bool at_other_server_ = false;  // for one try
  bool first_ = true;             // no handshake has succeeded yet
  // The service signs one of a webinar's two ids: the other is tried once for each stream.
  bool may_sign_otherwise_ = true;
};

}  // namespace rtms

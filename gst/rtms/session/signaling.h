// SPDX-License-Identifier: LGPL-2.1-or-later
// The signaling connection: its handshake, its losses, and when it is tried again.
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
  // All connections are to be left, this one, where it still lives, too.
  virtual void leave(std::unique_ptr<Connection> old) = 0;
  // The time of the next try has come.
  virtual void start_over() = 0;
  virtual void media_ended(MediaMask media, const SessionError &why) = 0;
  virtual void fail(const SessionError &why) = 0;
  // The connection is gone, and the stream or the session over.
  virtual void connection_gone() = 0;
};

class Signaling final : public ConnectionListener {
 public:
  // In the order of a life. From Connecting to Closing there is a connection, else none.
  enum class State {
    Idle,
    Waiting,      // for the time of the next try
    Connecting,   // until the handshake is answered
    Established,  // it succeeded
    Draining,     // the stream is over
    Closing,
    Ended,
  };

  Signaling(SessionContext *context, SignalingListener *listener);

  State state() const { return static_cast<State>(life_.index()); }
  bool has_connection() const;

  // From Idle only.
  void open();
  // Where the connection is established.
  void send(const std::string &text);
  // The service says that the connection is lost: if it is, that shows, or is repaired, at once.
  // The stream that is joined when the server of this one cannot be had any more.
  void set_successor(SessionConfig with) { successor_ = std::move(with); }
  // What waits for a next try waits no longer.
  void hurry();
  void reported_lost();
  // Gives the connection away, where there is one, and forgets earlier losses.
  std::unique_ptr<Connection> leave();
  // The stream is over: nothing is tried again.
  void retire();
  void close();
  // Closes without waiting for the service.
  void drop();
  // What is wrong with the state; null where nothing is.
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
  void refused(const SessionError &why);
  void lost(const SessionError &why);
  std::unique_ptr<Connection> wait(unsigned delay_ms);
  Connected *connected();
  // A connection goes along into the next state; where that has none it is returned.
  template <State S>
  std::unique_ptr<Connection> enter(std::unique_ptr<Connection> connection = nullptr);

  SessionContext *context_;
  SignalingListener *listener_;
  Life life_;
  Retry retry_;
  std::optional<SessionConfig> successor_;
  bool first_ = true;  // nothing has worked yet
};

}  // namespace rtms
